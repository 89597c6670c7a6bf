"""The proxy forwards and swallows; connections from its deaf time stay dead."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from harness.launcher import free_port
from tests.prove.proxy import Proxy


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(line)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = Proxy(free_port(), server.sockets[0].getsockname()[1])
    await proxy.start()
    yield proxy
    await proxy.stop()
    server.close()


class Caller:
    """One connection through the proxy."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def of(cls, proxy: Proxy) -> "Caller":
        return cls(*await asyncio.open_connection("127.0.0.1", proxy.port))

    async def hears(self, word: bytes) -> bool:
        self.writer.write(word + b"\n")
        try:
            return await asyncio.wait_for(self.reader.readline(), 0.3) == word + b"\n"
        except TimeoutError:
            return False


async def test_it_forwards_both_ways(proxy: Proxy) -> None:
    assert await (await Caller.of(proxy)).hears(b"hello")


async def test_it_swallows_while_deaf_and_closes_nothing(proxy: Proxy) -> None:
    old = await Caller.of(proxy)
    assert await old.hears(b"before")
    proxy.go_deaf()
    new = await Caller.of(proxy)
    assert not await old.hears(b"during")
    assert not await new.hears(b"during")
    assert not old.reader.at_eof()


async def test_afterwards_new_connections_work_and_old_ones_stay_dead(proxy: Proxy) -> None:
    old = await Caller.of(proxy)
    assert await old.hears(b"before")
    proxy.go_deaf()
    assert not await old.hears(b"during")
    proxy.hear_again()
    assert not await old.hears(b"after")
    assert await (await Caller.of(proxy)).hears(b"after")
