"""A web server on this machine, and host names that a test maps to addresses."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

Answer = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
LOOPBACK = ipaddress.ip_network("127.0.0.0/8")


class Site:
    """Answers each path from `pages`: raw bytes, or a function that writes them."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes | Answer] = {}
        self.asked: list[bytes] = []
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            self.asked.append(head)
            page = self.pages[head.split(b" ")[1].decode()]
            if isinstance(page, bytes):
                writer.write(page)
                await writer.drain()
            else:
                await page(head, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"


def ok(body: bytes, *headers: str) -> bytes:
    return "\r\n".join(["HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers, "", ""]).encode() + body


def redirect(to: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()


def names(monkeypatch: pytest.MonkeyPatch, **answers: list[str]) -> list[str]:
    """Map names to answers.

    Each lookup gets the next one, then always the last. Returns the names that were looked up.
    """
    looked_up: list[str] = []

    async def look_up(self: Any, host: str, port: int, **_: Any) -> Any:
        looked_up.append(host)
        known = answers.get(host, [host])
        address = known.pop(0) if len(known) > 1 else known[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", look_up)
    return looked_up
