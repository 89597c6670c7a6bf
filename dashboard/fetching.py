"""Values from the web: from public addresses only, bounded in time and size. Raises FetchFailed with a sentence.

A host's name is looked up once; what it stands for is checked, and that very address is connected to, so that a
second answer of the name server changes nothing. Each redirect goes the same way.
"""

import asyncio
import ipaddress
import socket
import ssl
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import httpx
from django.conf import settings

from dashboard import feeds
from dashboard.results import changed_rows
from dashboard.values import Kind

#: Bytes that an answer may have.
ANSWER_BYTES: Final = 1024 * 1024
REDIRECTS: Final = 5
#: The network whose addresses hold an IPv4 address in their last 32 bits (RFC 6052).
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class FetchFailed(Exception):
    """Why there is no value, in a sentence for people."""


@dataclass(frozen=True, slots=True)
class HttpValue:
    """Gives what stands at an address; `format` is one of HttpSource.Format, `path` a JSONPath for JSON."""

    url: str
    format: str
    path: str
    kind: Kind
    patience: float

    async def __call__(self, last: Any) -> Any:
        value = await self.read()
        return changed_rows(last, value) if self.kind is Kind.TABLE and isinstance(value, dict) else value

    async def read(self) -> Any:
        """Return the whole value, a table with all its rows. Raises FetchFailed."""
        body = await fetch(self.url, self.patience)
        try:
            if self.format == "json":
                return await asyncio.to_thread(feeds.json_value, body, self.path, self.kind)
            return await asyncio.to_thread(feeds.feed_value, body, self.kind)
        except ValueError as error:
            raise FetchFailed(str(error)) from None


@cache
def trusted() -> ssl.SSLContext:
    """Return whom to trust; made once, since reading all authorities would hold the event loop up for each fetch."""
    return httpx.create_ssl_context(trust_env=False)


def check_url(url: str) -> None:
    """Raise ValueError with a sentence when `url` can't be fetched, whatever is there."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"That is no address: {error}.") from None
    if parts.scheme not in ("http", "https") or not parts.host:
        raise ValueError("An address begins with http:// or https:// and a host.")


async def fetch(url: str, seconds: float) -> bytes:
    """Return the body at `url`, redirects followed, within `seconds`. Raises FetchFailed."""
    headers = {"Accept-Encoding": "identity", "User-Agent": "Switchboard"}
    try:
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(
                transport=PinnedTransport(verify=trusted(), limits=httpx.Limits(max_keepalive_connections=0)),
                follow_redirects=True,
                max_redirects=REDIRECTS,
                timeout=seconds,
                trust_env=False,
                headers=headers,
            ) as client,
            client.stream("GET", url) as response,
        ):
            return await _body(response)
    except TimeoutError:
        raise FetchFailed(f"no answer within {seconds:g} s") from None
    except httpx.TooManyRedirects:
        raise FetchFailed(f"More than {REDIRECTS} redirects.") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchFailed(str(error) or type(error).__name__) from None


async def _body(response: httpx.Response) -> bytes:
    if response.status_code != 200:
        raise FetchFailed(f"{response.url.host} answered {response.status_code} {response.reason_phrase}")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise FetchFailed("The answer is compressed, although that was not asked for.")
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk
        if len(body) > ANSWER_BYTES:
            raise FetchFailed(f"The answer has more than {ANSWER_BYTES} bytes.")
    return bytes(body)


class PinnedTransport(httpx.AsyncHTTPTransport):
    """Connects to the addresses that were checked, under the name that was asked for (Host, SNI, certificate)."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode()
        if request.url.scheme not in ("http", "https"):
            raise FetchFailed("An address begins with http:// or https://.")
        addresses = await _look_up(host, request.url.port or (443 if request.url.scheme == "https" else 80))
        for address in addresses[:-1]:
            try:
                return await self._ask(request, host, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # such as an IPv6 address where there is no IPv6
        return await self._ask(request, host, addresses[-1])

    async def _ask(self, request: httpx.Request, host: str, address: Address) -> httpx.Response:
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=str(address)),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return await super().handle_async_request(pinned)


async def _look_up(host: str, port: int) -> list[Address]:
    """Return the addresses of `host`. Raises FetchFailed when there is none, or one that may not be asked."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchFailed(f"There is no host {host}.") from None
    addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    for address in addresses:
        if not may_be_asked(address):
            raise FetchFailed(f"{host} is a private address ({address}); PRIVATE_SOURCES may allow it.")
    return list(dict.fromkeys(addresses))


def may_be_asked(address: Address) -> bool:
    """True for an address of the public internet, and for those that PRIVATE_SOURCES allows."""
    inner = _inside(address)
    if any(each in network for network in settings.PRIVATE_SOURCES for each in (address, inner) if each):
        return True
    return all(each.is_global and not each.is_multicast and not each.is_reserved for each in (address, inner) if each)


def _inside(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 one leads to, if it does."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
