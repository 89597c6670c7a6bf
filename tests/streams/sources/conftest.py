"""In tests nothing leaves this machine, even if a rule has a hole."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.streams.sources.sites import LOOPBACK, Site


@pytest.fixture(autouse=True)
def tried(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the addresses of all attempted connections.

    Only those to this machine are made; no name server is asked.
    """
    found: list[str] = []
    loop_class = asyncio.SelectorEventLoop
    connect = loop_class.sock_connect

    async def sock_connect(self: Any, sock: socket.socket, address: Any) -> None:
        found.append(address[0])
        if not ipaddress.ip_address(address[0]).is_loopback:
            raise ConnectionRefusedError(f"A test tried to leave this machine, for {address[0]}.")
        await connect(self, sock, address)

    async def getaddrinfo(self: Any, host: str, port: int, **options: Any) -> Any:
        flags = 0 if host == "localhost" else socket.AI_NUMERICHOST
        return socket.getaddrinfo(host, port, type=options.get("type", 0), flags=flags)

    monkeypatch.setattr(loop_class, "sock_connect", sock_connect)
    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    return found


@pytest.fixture
async def site(settings: Any) -> AsyncIterator[Site]:
    settings.PRIVATE_SOURCES = [LOOPBACK]
    made = Site()
    server = await asyncio.start_server(made.answer, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    async with server:
        yield made
