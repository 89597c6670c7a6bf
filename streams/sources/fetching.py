"""Values from the web: from public addresses only, limited in time and size. Raises FetchFailed with a sentence.

A host's name is looked up once. The resulting address is checked, and exactly this address is connected to, so that a
second, different answer of the name server has no effect. Each redirect is handled in the same way.
"""

import asyncio
import ipaddress
import re
import socket
import ssl
from collections.abc import Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import httpx

from streams.sources import apart
from streams.sources.addresses import Address, is_cloud_name, may_be_asked
from streams.sources.sealing import Unreadable, unseal
from streams.tables import changed_rows
from streams.values import Kind

#: The most bytes of an answer.
ANSWER_BYTES: Final = 1024 * 1024
REDIRECTS: Final = 5
#: The most seconds for finding the value in an answer.
READING: Final = 2.0
#: The form of a header's name and of a secret value (RFC 9110), and headers that sources may not set.
HEADER: Final = re.compile(r"[A-Za-z0-9-]{1,80}")
SECRET: Final = re.compile(r"[!-~](?:[ -~]{0,1998}[!-~])?")
OURS: Final = ("host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "accept-encoding")


class FetchFailed(Exception):
    """There is no value; the text is a sentence for people that says why."""


@dataclass(frozen=True, slots=True)
class HttpValue:
    """A function that returns the value at an address; it blocks.

    `format` is one of HttpSource.Format, `path` a JSONPath for JSON. The request carries `header`, whose value is
    `sealed`.
    """

    url: str
    format: str
    path: str
    kind: Kind
    patience: float
    header: str = ""
    sealed: str = field(default="", repr=False)

    def __call__(self, last: Any) -> Any:
        value = asyncio.run(self.read())
        return changed_rows(last, value) if self.kind is Kind.TABLE and isinstance(value, dict) else value

    async def read(self) -> Any:
        """Return the whole value; for a table, all its rows. Raises FetchFailed."""
        body = await fetch(self.url, self.patience, self._secret())
        job = {"do": self.format, "body": body, "path": self.path, "kind": self.kind}
        try:
            return await asyncio.to_thread(apart.run, job, READING)
        except apart.Failed as failed:
            raise FetchFailed(str(failed)) from None

    def _secret(self) -> dict[str, str]:
        if not self.header:
            return {}
        try:
            return {self.header: unseal(self.sealed)}
        except Unreadable:
            raise FetchFailed("SECRET_KEY has changed: give the value of the secret header again.") from None


@cache
def trusted() -> ssl.SSLContext:
    """Return the TLS context; made once, since reading all certificate authorities for each fetch would be slow."""
    return httpx.create_ssl_context(trust_env=False)


def check_url(url: str) -> None:
    """Raise ValueError with a sentence when `url` can't be fetched, without asking its server."""
    try:
        parts = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"That is no address: {error}.") from None
    if parts.scheme not in ("http", "https") or not parts.host:
        raise ValueError("An address begins with http:// or https:// and a host.")


def check_header(name: str) -> None:
    """Raise ValueError with a sentence when `name` can't be a request header; "" means no header."""
    if name and not HEADER.fullmatch(name):
        raise ValueError("A header's name has letters, digits and hyphens, such as X-Api-Key.")
    if name.lower() in OURS:
        raise ValueError(f"Switchboard sets {name} itself.")


def check_secret(secret: str) -> None:
    """Raise ValueError with a sentence (without the secret) when `secret` can't be a header's value."""
    if not SECRET.fullmatch(secret):
        raise ValueError("A header's value is one line of ASCII signs, without blanks around it.")


def origin(url: str) -> tuple[str, str, int | None]:
    """Return the part of an address to which a secret is bound: scheme, host and port."""
    parts = httpx.URL(url)
    return parts.scheme, parts.host, parts.port


async def fetch(url: str, seconds: float, secret: Mapping[str, str] | None = None) -> bytes:
    """Return the body at `url`, redirects followed, within `seconds`. Raises FetchFailed.

    `secret`: headers that are sent only to the scheme, host and port of `url`, even when redirects lead elsewhere.
    """
    headers = {"Accept-Encoding": "identity", "User-Agent": "Switchboard"}
    try:
        async with (
            asyncio.timeout(seconds),
            httpx.AsyncClient(
                transport=PinnedTransport(verify=trusted(), limits=httpx.Limits(max_keepalive_connections=0)),
                timeout=seconds,
                trust_env=False,
                headers=headers,
            ) as client,
        ):
            return await _follow(client, url, secret or {})
    except TimeoutError:
        raise FetchFailed(f"no answer within {seconds:g} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise FetchFailed(str(error) or type(error).__name__) from None


async def _follow(client: httpx.AsyncClient, url: str, secret: Mapping[str, str]) -> bytes:
    """Follow redirects ourselves: httpx would read the body of a redirect, and send our headers on to other hosts."""
    request = client.build_request("GET", url)
    for _ in range(REDIRECTS + 1):
        for name, value in secret.items():
            request.headers.pop(name, None)
            if origin(str(request.url)) == origin(url):
                request.headers[name] = value
        response = await client.send(request, stream=True)
        async with aclosing(response):
            if response.next_request is None:
                return await _body(response)
            request = response.next_request
    raise FetchFailed(f"More than {REDIRECTS} redirects.")


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
    """Connects to a checked address, but with the original name (Host, SNI, certificate)."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode()
        if request.url.scheme not in ("http", "https"):
            raise FetchFailed("An address begins with http:// or https://.")
        addresses = await _look_up(host, request.url.port or (443 if request.url.scheme == "https" else 80))
        for address in addresses[:-1]:
            try:
                return await self._ask(request, host, address)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                continue  # for example an IPv6 address on a machine without IPv6
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
    """Return the addresses of `host`. Raises FetchFailed when there is none, or when one of them may not be asked."""
    if is_cloud_name(host):
        raise FetchFailed(f"{host} is what a cloud tells its own machines; nobody may ask it here.")
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise FetchFailed(f"There is no host {host}.") from None
    addresses = [_address(str(each[4][0])) for each in found]
    for address in addresses:
        if not may_be_asked(address):
            raise FetchFailed(f"{host} is a private address ({address}); PRIVATE_SOURCES may allow it.")
    return list(dict.fromkeys(addresses))


def _address(text: str) -> Address:
    """Return the address to connect to: without a zone, and an IPv4-mapped IPv6 address as IPv4."""
    address = ipaddress.ip_address(text.partition("%")[0])
    return address.ipv4_mapped or address if isinstance(address, ipaddress.IPv6Address) else address
