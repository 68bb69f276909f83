"""Which hosts and addresses of the network are public, so that no webhook reaches into our own.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6052 (NAT64), RFC 3056 (6to4);
RFC 6761 and RFC 6762 (special-use names); WHATWG URL, "ends in a number" (what is an IPv4 address).
"""

from __future__ import annotations

import asyncio
import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

# Set apart by the registries; Python's `is_global` knows them only in part, by its version.
_SET_APART = [
    ip_network(each)
    for each in ("192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48", "5f00::/16", "fec0::/10")
]
_NAT64 = IPv6Network("64:ff9b::/96")
Address = IPv4Address | IPv6Address

LONGEST_HOST = 253
_HOST = re.compile(
    r"(?:[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.?"
)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Names that only a network of one's own resolves.
_INNER_NAMES = (
    *("localhost", "localdomain", "local", "internal", "intranet", "private"),
    *("corp", "home", "lan", "home.arpa", "onion", "alt"),
)


def literal_address(host: str) -> Address | None:
    """Return the address that a host is written as, in any notation that a resolver takes; None for a name.

    Raises: ValueError for what is neither a name nor an address.
    """
    if ":" in host:
        return ip_address(host.replace("%25", "%"))
    if len(host) > LONGEST_HOST or not _HOST.fullmatch(host):
        raise ValueError(f"not a host: {host!r}")
    bare = host.removesuffix(".")
    if not _NUMBER.fullmatch(bare.rpartition(".")[2]):
        return None
    try:
        return IPv4Address(socket.inet_aton(bare))
    except OSError as error:
        raise ValueError(f"not an IPv4 address: {host!r}") from error


def is_inner_name(host: str) -> bool:
    """Whether a name means a host of one's own network: without a dot, or below a special-use name."""
    bare = host.removesuffix(".")
    return "." not in bare or any(bare.endswith(f".{name}") for name in _INNER_NAMES)


def is_public(address: Address) -> bool:
    """False for loopback, private, link-local, shared, multicast, reserved and whatever hides one of them."""
    if isinstance(address, IPv6Address) and (inner := _embedded(address)) is not None:
        return is_public(inner)
    if any(address in network for network in _SET_APART):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


async def resolve(host: str, port: int) -> list[Address]:
    """Every address of a host, each once. Raises: OSError when it has none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(each[4][0]).partition("%")[0]) for each in found))


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that packets to this one end up at."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or int(address) >> 32 == 0:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
