"""How each scenario runs: which servers start, which load the client runs, and what else is measured."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, Final

import psycopg
from websockets.sync.client import connect
from websockets.typing import Origin

from benchmarks.scenarios import EMBEDDED, OURS, PIPE, Scenario
from benchmarks.servers import PYTHON, SERVER_CORE, Bench, pinned
from harness.launcher import ROOT, Service

#: Seconds after which a client is killed.
PATIENCE: Final = 240
#: How many messages returning clients have missed.
MISSED: Final = 50

Result = dict[str, Any]
PIPED: Final = subprocess.PIPE


def serve(bench: Bench, scenario: Scenario, name: str, load: Result) -> Result:
    """Run the client against one server.

    For ours, `silent` more processes share the database and Redis. Each has one nearly idle socket, since a process
    without sockets would not listen to Redis.
    """
    silent = load.pop("silent", 0)
    servers: list[Service]
    if name in (OURS, PIPE, EMBEDDED):
        engine = "sqlite" if name == EMBEDDED else "postgresql"
        settings = bench.settings(bench.database(engine))
        if name == PIPE:
            settings["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
        servers = [bench.switchboard(settings) for _ in range(1 + silent)]
        load |= {"dialect": "pipe" if name == PIPE else "switchboard", "cookies": bench.cookies(engine)}
    else:
        servers = [bench.peer(name)]
        load["dialect"] = "stock" if name.startswith("stock") else "socketio" if "socketio" in name else "plain"
    try:
        with ExitStack() as sockets:
            for server in servers[1:]:
                cookie = load["cookies"][-1]
                address = f"ws://127.0.0.1:{server.port}/ws/chat/"
                # Answers the server's pings in its own thread.
                sockets.enter_context(connect(address, origin=_origin(server), additional_headers={"Cookie": cookie}))
            return client(bench, servers, load)
    finally:
        for server in servers:
            server.stop()


def _origin(server: Service) -> Origin:
    return Origin(f"http://127.0.0.1:{server.port}")


def client(bench: Bench, servers: list[Service], load: Result, source: Callable[[], int] | None = None) -> Result:
    """Run the load client against the first of `servers`; return its result, with the usage of the `silent` servers.

    `source` starts the feeding process when the client asks for it.
    """
    first, *silent = [each.process.pid for each in servers if each.process]
    leaders = {"server": [first], "silent": silent, **bench.leaders()}
    load = load | {"ports": [servers[0].port], "leaders": leaders}
    command = [sys.executable, "-m", "benchmarks.loads", "-"]
    with subprocess.Popen(command, cwd=ROOT, stdin=PIPED, stdout=PIPED, stderr=PIPED, text=True) as process:
        assert process.stdin
        assert process.stdout
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        try:
            process.stdin.write(json.dumps(load) + "\n")
            process.stdin.flush()
            said = process.stdout.readline()
            if source and said == "ready\n":
                process.stdin.write(f"{source()}\n")
            out, errors = process.communicate()
        except BaseException:
            process.kill()
            raise
        finally:
            watchdog.cancel()
    if process.returncode:
        return {"error": (errors.strip() or f"no result after {PATIENCE} s").splitlines()[-1]}
    result: Result = json.loads((said + out).splitlines()[-1])
    return result


def board(bench: Bench, scenario: Scenario, name: str, load: Result) -> Result:
    """Feed a board while the client watches it, or while it uses a room beside it."""
    values, source_name = load.pop("values"), load.pop("source")
    settings = bench.settings(bench.database())
    web = bench.switchboard(settings)
    started: list[Service] = []

    def source() -> int:
        started.append(bench.source(settings, source_name, values))
        assert started[0].process
        return started[0].process.pid

    try:
        return client(bench, [web], {"dialect": "board", "cookies": bench.cookies()} | load, source)
    finally:
        for service in [*started, web]:
            service.stop()


def writer(bench: Bench, scenario: Scenario, name: str, load: Result) -> Result:
    """Store messages without sockets."""
    kind, _, engine = name.partition("-")
    if kind == "stock":
        settings = bench.stock_settings(engine)
    else:
        settings = bench.settings(bench.database(engine or "postgresql"))
    which = "stock" if kind == "stock" else "ours"
    command = [PYTHON, "-m", "benchmarks.writers", which, str(load["senders"]), str(load["seconds"])]
    done = subprocess.run(
        pinned(command, SERVER_CORE),
        cwd=ROOT,
        env=os.environ | settings,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if done.returncode:
        return {"error": done.stderr.strip().splitlines()[-1]}
    return {"messages": float(done.stdout.splitlines()[-1])}


def mass_return(bench: Bench, scenario: Scenario, name: str, load: Result) -> Result:
    """Let some people talk, restart the server, and let everybody come back at once."""
    url = bench.database()
    settings = bench.settings(url)
    talk = {"kind": "paced", "size": 5, "rate": 4 * MISSED, "seconds": 1.0, "warmup": 0.5, "dialect": "switchboard"}
    web = bench.switchboard(settings)
    try:
        client(bench, [web], talk | {"cookies": bench.cookies()})
    finally:
        web.stop()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        [(rev,)] = connection.execute("SELECT rev FROM chat_room WHERE slug = 'bench'").fetchall()
        web = bench.switchboard(settings)
        try:
            connection.execute("SELECT pg_stat_statements_reset()")
            load |= {"rooms": [f"bench {rev - MISSED}"], "cookies": bench.cookies()}
            result = client(bench, [web], load)
            calls = connection.execute(
                "SELECT sum(calls) FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database"
                " WHERE datname = current_database()) AND query ~ '^SELECT' AND query ~ 'FROM \"chat_message\"'"
            ).fetchall()
            return result | {"history_queries": int(calls[0][0] or 0)}
        finally:
            web.stop()


RUNNERS: Final = {"serve": serve, "board": board, "writer": writer, "mass_return": mass_return}
