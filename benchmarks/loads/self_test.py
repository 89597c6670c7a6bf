"""Measures the limit of the client itself."""

import os
import signal
import socket
import time

from benchmarks.dialects import DIALECTS
from benchmarks.load_client import LoadClient, Room
from benchmarks.loads.load import Result
from benchmarks.measure import Stopwatch


def self_test(connections: int = 200, seconds: float = 3.0) -> Result:
    """Count messages that a process on the other core writes directly to us as fast as it can."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=connections)
    child = os.fork()
    if child == 0:
        os.sched_setaffinity(0, {0})
        blast(listener, connections)
    try:
        client = LoadClient([listener.getsockname()[1]], DIALECTS["plain"])
        client.open([Room("blast")], connections)
        began = time.perf_counter()
        stopwatch, counted = Stopwatch({"server": [child]}), 0
        while time.perf_counter() - began < seconds:
            counted += client.poll(0.05)
        result = stopwatch.read()
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return result | {"frames": counted / result["seconds"]}


def blast(listener: socket.socket, connections: int) -> None:
    """Accept handshakes unread; then write sixteen messages of 120 bytes to each connection, over and over."""
    accepted = []
    for _ in range(connections):
        sock, _ = listener.accept()
        sock.recv(4096)
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
        accepted.append(sock)
    payload = DIALECTS["plain"].say("", 1)
    frames = (bytes([0x81, len(payload)]) + payload) * 16
    while True:
        for sock in accepted:
            sock.sendall(frames)
