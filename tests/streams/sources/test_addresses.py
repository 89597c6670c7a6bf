"""Which addresses may be asked, in any spelling; nothing leaves this machine (see conftest)."""

import ipaddress
from collections.abc import Callable
from typing import Any

import pytest

from streams.sources.addresses import may_be_asked
from streams.sources.fetching import FetchFailed, fetch
from tests.streams.sources.sites import Site, names, redirect

#: Addresses, some at the ends of their blocks, which nobody may ask.
PRIVATE = """
    0.0.0.0 0.255.255.255 10.0.0.0 10.255.255.255 100.64.0.0 100.100.100.200 100.127.255.255 127.0.0.1
    127.255.255.255 169.254.0.0 169.254.169.254 169.254.170.2 169.254.255.255 172.16.0.0 172.31.255.255 192.0.0.0
    192.0.0.9 192.0.0.170 192.0.0.192 192.0.0.255 192.0.2.1 192.88.99.1 192.88.99.2 192.168.0.0 192.168.255.255
    198.18.0.0 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
    168.63.129.16 :: ::1 ::10.0.0.1 ::8.8.8.8 ::ffff:10.0.0.1 64:ff9b::10.0.0.1 64:ff9b::169.254.169.254
    64:ff9b::168.63.129.16 64:ff9b:1::1 64:ff9b:1::808:808 100::1 100:0:0:1::1 200::1 400::1 1fff::1 2001::1
    2001:0:808:808::1 2001:1::1 2001:2::1 2001:4:112::1 2001:10::1 2001:20::1 2001:1ff:ffff::1 2001:db8::1
    2002:a00:1::1 2002:7f00:1::1 2002:808:808::1 3fff::1 3fff:fff:ffff::1 4000::1 5f00::1 8000::1 fc00::1 fd00::1
    fd00:ec2::254 fd20:ce::254 fe00::1 fe80::1 febf::1 fec0::1 feff::1 ff02::1 ff0e::1
""".split()  # noqa: SIM905 - easier to read
PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 93.184.215.14 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.1
    168.63.129.15 172.15.255.255 172.32.0.0 191.255.255.255 192.0.1.1 192.0.3.1 192.88.98.255 192.88.100.0
    192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255 2000::1 2001:200::1
    2001:4860:4860::8888 2001:db7::1 2001:db9::1 2003::1 2606:2800:21f:cb07:6820:80da:af6b:8b2c 2a00:1450::1
    3ffe::1 3fff:1000::1 64:ff9b::8.8.8.8
""".split()  # noqa: SIM905 - easier to read


@pytest.mark.parametrize(("addresses", "fits"), [(PRIVATE, False), (PUBLIC, True)])
def test_only_public_addresses_may_be_asked(addresses: list[str], fits: bool, settings: Any) -> None:
    settings.PRIVATE_SOURCES = []
    assert [each for each in addresses if may_be_asked(ipaddress.ip_address(each)) is not fits] == []


async def test_no_address_that_is_not_public_is_connected_to(
    tried: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRIVATE_SOURCES = []
    names(monkeypatch, **{f"host{place}.example": [each] for place, each in enumerate(PRIVATE)})
    for place, each in enumerate(PRIVATE):
        spelled = f"[{each}]" if ":" in each else each
        for host in (f"host{place}.example", spelled):
            with pytest.raises(FetchFailed, match=r"private address|no host"):
                await fetch(f"http://{host}/", 5)
    assert tried == []


@pytest.mark.parametrize(
    "host",
    [
        "127.1",
        "0x7f.1",
        "0x7f000001",
        "017700000001",
        "0177.0.0.1",
        "2130706433",
        "127.0.0.1.",
        "127.0.0.1..",
        "localhost",
        "localhost.",
        "LOCALHOST",
        "%31%32%37.0.0.1",
        "127%2e0.0.1",
        "１２７.0.0.1",
        "①②⑦.0.0.1",
        "127。0。0。1",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[0:0:0:0:0:0:0:1]",
        "[fe80::1%25lo]",
        "[fe80::1%lo]",
        "[::1%25lo]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "user@127.0.0.1",
        "example.org@127.0.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "0251.0376.0251.0376",
        "metadata.google.internal",
        "METADATA.goog.",
        "metadata",
        "instance-data",
    ],
)
async def test_no_spelling_of_an_address_leads_there(host: str, tried: list[str], settings: Any) -> None:
    settings.PRIVATE_SOURCES = []
    with pytest.raises(FetchFailed):
        await fetch(f"http://{host}/", 5)
    assert tried == []


async def test_a_public_address_is_connected_to_as_it_was_checked(
    tried: list[str], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PRIVATE_SOURCES = []
    names(monkeypatch, **{"shop.example": ["93.184.215.14", "127.0.0.1"]})
    with pytest.raises(FetchFailed):
        await fetch("http://shop.example/", 5)
    with pytest.raises(FetchFailed):
        await fetch("http://[::ffff:93.184.215.15]/", 5)
    assert tried == ["93.184.215.14", "93.184.215.15"]


@pytest.mark.parametrize("address", ["10.0.0.1", "[fec0::1]", "168.63.129.16", "0x7f.2"])
async def test_a_redirect_is_checked_as_the_address_was(site: Site, address: str, tried: list[str]) -> None:
    fetching_from = ipaddress.ip_network("127.0.0.1/32")
    site.pages["/"] = redirect(f"http://{address}/")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.conf.settings.PRIVATE_SOURCES", [fetching_from])
        with pytest.raises(FetchFailed, match="private address"):
            await fetch(site.url("/"), 5)
    assert tried == ["127.0.0.1"]


def allowed(settings: Any, *networks: str) -> Callable[[str], bool]:
    settings.PRIVATE_SOURCES = [ipaddress.ip_network(each) for each in networks]
    return lambda address: may_be_asked(ipaddress.ip_address(address))


def test_a_setting_allows_private_ones(settings: Any) -> None:
    may = allowed(settings, "10.0.0.0/8", "fd12::/16")
    assert may("10.1.2.3")
    assert may("64:ff9b::10.1.2.3")
    assert may("fd12::1")
    assert not may("192.168.0.1")
    assert not may("fd13::1")


def test_what_clouds_tell_their_machines_is_opened_by_its_own_name_only(settings: Any) -> None:
    may = allowed(settings, "0.0.0.0/0", "::/0", "fd00::/8")
    for address in ("169.254.169.254", "168.63.129.16", "100.100.100.200", "fd00:ec2::254"):
        assert not may(address)
    assert may("169.254.1.1")
    assert allowed(settings, "169.254.169.254/32")("169.254.169.254")
