"""Which addresses HTTP sources may ask: the public internet, and those that PRIVATE_SOURCES names.

The lists follow IANA's special-purpose registries (2025-05). `ipaddress.is_global` follows an older state of them and
calls some of these blocks global.
"""

import ipaddress
from typing import Final

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

#: Every IPv4 address outside these blocks is public.
NOT_PUBLIC_4: Final = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by a provider's customers
        "127.0.0.0/8",  # this machine
        "169.254.0.0/16",  # link-local
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays, deprecated
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
#: Only this block of IPv6 is public. It leaves out loopback, link-, site- and unique-local, mapped and compatible
#: IPv4, discarded, local translation (64:ff9b:1::/48), segment routing (5f00::/16), multicast, and unassigned blocks.
PUBLIC_6: Final = ipaddress.IPv6Network("2000::/3")
NOT_PUBLIC_6: Final = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments, with Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
#: Its addresses are translated to the IPv4 address in their last 32 bits, and are as public as that one (RFC 6052).
NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")
#: Services, also of secrets, that clouds offer to their own machines. Only an entry for exactly this address allows
#: it, not one for a network around it.
CLOUD: Final = frozenset(
    ipaddress.ip_address(address)
    for address in (
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "168.63.129.16",
        "100.100.100.200",
        "192.0.0.192",
        "fd00:ec2::23",
        "fd00:ec2::254",
        "fd20:ce::254",
    )
)
CLOUD_NAMES: Final = frozenset(
    ("metadata", "metadata.goog", "metadata.google.internal", "instance-data", "instance-data.ec2.internal")
)


def may_be_asked(address: Address) -> bool:
    """True for an address of the public internet, and for one that PRIVATE_SOURCES allows."""
    inner = _inside(address)
    return _is_allowed(address) or (_is_allowed(inner) if inner else False) or _is_public(inner or address)


def _is_allowed(address: Address) -> bool:
    networks = [network for network in settings.PRIVATE_SOURCES if address in network]
    return any(network.num_addresses == 1 for network in networks) if address in CLOUD else bool(networks)


def _is_public(address: Address) -> bool:
    if address in CLOUD:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in block for block in NOT_PUBLIC_4)
    return address in PUBLIC_6 and not any(address in block for block in NOT_PUBLIC_6)


def _inside(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address to which an IPv6 address is translated, if any."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None


def is_cloud_name(host: str) -> bool:
    """True for a name under which clouds offer secrets to their machines, wherever it leads here."""
    return host.rstrip(".").lower() in CLOUD_NAMES
