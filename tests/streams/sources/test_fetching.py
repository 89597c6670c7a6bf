"""Fetching from a real HTTP server on this machine. Its address is private: allowed by a setting, or refused."""

import asyncio
import socket
import ssl
import subprocess
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import pytest

from streams.sources import fetching
from streams.sources.fetching import FetchFailed, HttpValue, check_header, check_secret, check_url, fetch
from streams.sources.sealing import seal
from streams.values import Kind
from tests.streams.sources.sites import Site, names, ok, redirect


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for shop.example, with its key."""
    files = ["-out", "certificate.pem", "-keyout", "key.pem"]
    kind = "-x509 -newkey rsa:2048 -nodes -days 1 -subj /CN=shop.example -addext subjectAltName=DNS:shop.example"
    subprocess.run(["openssl", "req", *kind.split(), *files], check=True, cwd=tmp_path, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_text((tmp_path / "certificate.pem").read_text() + (tmp_path / "key.pem").read_text())
    return both


async def test_a_value_is_read_from_json(site: Site) -> None:
    site.pages["/p.json"] = ok(b'{"price": 42.5}')
    value = HttpValue(site.url("/p.json"), "json", "$.price", Kind.NUMBER, 5)
    assert await asyncio.to_thread(value, None) == 42.5


async def test_a_table_tells_what_changed(site: Site) -> None:
    site.pages["/t.json"] = ok(b'{"a": {"n": 1}, "b": {"n": 2}}')
    value = HttpValue(site.url("/t.json"), "json", "$", Kind.TABLE, 5)
    assert await asyncio.to_thread(value, {"a": {"n": 1}, "c": {"n": 3}}) == {"b": {"n": 2}, "c": None}


async def test_redirects_are_followed_from_where_they_are(site: Site) -> None:
    site.pages |= {"/a": redirect("/deep/b"), "/deep/b": redirect("c"), "/deep/c": ok(b"found")}
    assert await fetch(site.url("/a"), 5) == b"found"


async def test_a_name_is_kept_for_the_host_header(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, **{"shop.example": ["127.0.0.1"]})
    site.pages["/"] = ok(b"1")
    await fetch(site.url("/", "shop.example"), 5)
    assert f"Host: shop.example:{site.port}".encode() in site.asked[0]


async def test_a_private_address_is_refused_unless_allowed(site: Site, settings: Any) -> None:
    settings.PRIVATE_SOURCES = []
    for host in ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]"):
        with pytest.raises(FetchFailed, match=r"private address|no host"):
            await fetch(site.url("/", host), 5)
    assert site.asked == []


async def test_a_name_that_stands_for_a_private_address_is_refused(
    site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRIVATE_SOURCES = []
    names(monkeypatch, **{"shop.example": ["127.0.0.1"]})
    with pytest.raises(FetchFailed, match="private address"):
        await fetch(site.url("/", "shop.example"), 5)
    assert site.asked == []


async def test_what_was_checked_is_what_is_connected_to(
    site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that first gives a harmless address and then this machine's gains nothing."""
    settings.PRIVATE_SOURCES = []
    harmless = "203.0.113.7"  # to which nothing is sent: see conftest
    monkeypatch.setattr(fetching, "may_be_asked", lambda address: str(address) == harmless)
    looked_up = names(monkeypatch, **{"shop.example": [harmless, "127.0.0.1"]})
    with pytest.raises(FetchFailed):
        await fetch(site.url("/", "shop.example"), 0.3)
    assert looked_up[0] == "shop.example"
    assert looked_up.count("shop.example") == 1
    assert site.asked == []


async def test_a_redirect_to_a_private_address_is_refused(
    site: Site, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    names(monkeypatch, **{"evil.example": ["127.0.0.1"]})
    monkeypatch.setattr(fetching, "may_be_asked", lambda address: str(address) == "127.0.0.1")
    site.pages["/"] = redirect("http://10.0.0.1/admin")
    with pytest.raises(FetchFailed, match=r"10\.0\.0\.1 is a private address"):
        await fetch(site.url("/", "evil.example"), 5)


@pytest.mark.parametrize("to", ["file:///etc/passwd", "ftp://example.org/", "gopher://x/"])
async def test_a_redirect_to_another_scheme_is_refused(site: Site, to: str) -> None:
    site.pages["/"] = redirect(to)
    with pytest.raises(FetchFailed):
        await fetch(site.url("/"), 5)


async def test_redirects_come_to_an_end(site: Site) -> None:
    site.pages["/"] = redirect("/")
    with pytest.raises(FetchFailed, match="More than 5 redirects"):
        await fetch(site.url("/"), 5)
    assert len(site.asked) == 6


async def test_what_comes_with_a_redirect_is_not_read(site: Site) -> None:
    bomb = zlib.compress(b"x" * 50_000_000, wbits=31)
    head = f"HTTP/1.1 302 Found\r\nLocation: /found\r\nContent-Encoding: gzip\r\nContent-Length: {len(bomb)}\r\n\r\n"
    site.pages |= {"/": head.encode() + bomb, "/found": ok(b"found")}
    tracemalloc.start()
    try:
        assert await fetch(site.url("/"), 5) == b"found"
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


SECRET = {"X-Api-Key": "hunter2"}


async def test_a_secret_goes_along_and_stays_where_it_belongs(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    names(monkeypatch, **{"shop.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
    site.pages |= {
        "/a": redirect("/b"),
        "/b": redirect(site.url("/c", "other.example")),
        "/c": redirect(site.url("/d", "shop.example")),
        "/d": ok(b"found"),
    }
    for secret in (SECRET, {"Authorization": "hunter2"}):
        site.asked.clear()
        assert await fetch(site.url("/a", "shop.example"), 5, secret) == b"found"
        assert [b"hunter2" in head for head in site.asked] == [True, True, False, True]


async def test_a_secret_goes_to_no_other_port_or_scheme(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    looted = Site()
    looted.pages["/"] = ok(b"looted")
    async with await asyncio.start_server(looted.answer, "127.0.0.1", 0) as server:
        looted.port = server.sockets[0].getsockname()[1]
        site.pages["/"] = redirect(looted.url("/"))
        assert await fetch(site.url("/"), 5, SECRET) == b"looted"
    assert b"hunter2" in site.asked[0]
    assert b"hunter2" not in looted.asked[0]


async def test_a_secret_is_in_no_error_and_no_log(site: Site, caplog: pytest.LogCaptureFixture, settings: Any) -> None:
    caplog.set_level("DEBUG")
    site.pages["/"] = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"
    value = HttpValue(site.url("/"), "json", "$", Kind.NUMBER, 5, "Authorization", seal("Bearer hunter2"))
    with pytest.raises(FetchFailed) as refused:
        await asyncio.to_thread(value, None)
    assert b"Authorization: Bearer hunter2" in site.asked[0]
    assert "401 Unauthorized" in str(refused.value)
    assert "hunter2" not in f"{refused.value}{value!r}"
    settings.SECRET_KEY = "another key"
    with pytest.raises(FetchFailed, match="SECRET_KEY has changed"):
        await asyncio.to_thread(value, None)
    assert "hunter2" not in "".join(f"{record.getMessage()}{record.args}" for record in caplog.records)


@pytest.mark.parametrize("secret", ["", " x", "x\r\nHost: y", "naïve", "x\0", "x" * 2001])
def test_what_cannot_be_a_headers_value_is_refused_without_repeating_it(secret: str) -> None:
    with pytest.raises(ValueError, match="one line of ASCII signs"):
        check_secret(secret)


@pytest.mark.parametrize("name", ["X Api", "Host", "content-length", "X:", "X\r\n"])
def test_what_cannot_be_a_headers_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"header|itself"):
        check_header(name)


async def test_a_certificate_must_be_for_the_name_not_for_the_address(
    site: Site, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    monkeypatch.setattr(fetching, "trusted", lambda: ssl.create_default_context(cafile=certificate))
    names(monkeypatch, **{"shop.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
    site.pages["/"] = ok(b"1")
    async with await asyncio.start_server(site.answer, "127.0.0.1", 0, ssl=server_side) as server:
        port = server.sockets[0].getsockname()[1]
        assert await fetch(f"https://shop.example:{port}/", 5) == b"1"
        for host in ("other.example", "127.0.0.1"):
            with pytest.raises(FetchFailed, match="CERTIFICATE_VERIFY_FAILED"):
                await fetch(f"https://{host}:{port}/", 5)


async def test_a_large_answer_is_left_off(site: Site) -> None:
    sent = 0

    async def pour(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()
            sent += 65536

    site.pages["/"] = pour
    with pytest.raises(FetchFailed, match="more than 1048576 bytes"):
        await fetch(site.url("/"), 10)
    assert sent < 20 * fetching.ANSWER_BYTES


async def test_a_compressed_answer_is_refused(site: Site) -> None:
    site.pages["/"] = ok(b"bomb", "Content-Encoding: gzip")
    with pytest.raises(FetchFailed, match="compressed"):
        await fetch(site.url("/"), 5)
    assert b"Accept-Encoding: identity" in site.asked[0]


async def test_an_answer_that_drips_is_given_up_in_time(site: Site) -> None:
    async def drip(_: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for _tick in range(100):
            writer.write(b"X-Drip: 1\r\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    site.pages["/"] = drip
    began = asyncio.get_running_loop().time()
    with pytest.raises(FetchFailed, match=r"no answer within 0\.3 s"):
        await fetch(site.url("/"), 0.3)
    assert asyncio.get_running_loop().time() - began < 2


async def test_another_status_is_said(site: Site) -> None:
    site.pages["/"] = b"HTTP/1.1 503 Closed\r\nContent-Length: 0\r\n\r\n"
    with pytest.raises(FetchFailed, match=r"127\.0\.0\.1 answered 503 Closed"):
        await fetch(site.url("/"), 5)


async def test_who_does_not_listen_is_said(site: Site) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        with pytest.raises(FetchFailed):
            await fetch(f"http://127.0.0.1:{free.getsockname()[1]}/", 5)


@pytest.mark.parametrize(
    "url", ["", "example.org", "ftp://example.org/", "http://", "file:///etc/passwd", "http://[::"]
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        check_url(url)
