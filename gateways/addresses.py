"""Public and private hosts and addresses, so that no webhook reaches the own network.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries; RFC 6052 (NAT64), RFC 3056 (6to4); RFC 6761
and RFC 6762 (special-use names); WHATWG URL, "ends in a number" (what is an IPv4 address).
"""

from __future__ import annotations

import asyncio
import re
import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

# Reserved by the registries; depending on its version, Python's `is_global` knows only some of them.
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
# Names that only private networks resolve.
_INNER_NAMES = (
    *("localhost", "localdomain", "local", "internal", "intranet", "private"),
    *("corp", "home", "lan", "home.arpa", "onion", "alt"),
)


def literal_address(host: str) -> Address | None:
    """Return the address of a host that is written as one, in any notation of resolvers; None for a name.

    Raises: ValueError for text that is neither a name nor an address.
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
    """Return whether a name is a host of a private network: without a dot, or below a special-use name."""
    bare = host.removesuffix(".")
    return "." not in bare or any(bare.endswith(f".{name}") for name in _INNER_NAMES)


def is_public(address: Address) -> bool:
    """Return False for loopback, private, link-local, shared, multicast and reserved addresses.

    An IPv6 address that contains an IPv4 address is public if that one is.
    """
    if isinstance(address, IPv6Address) and (inner := _embedded(address)) is not None:
        return is_public(inner)
    if any(address in network for network in _SET_APART):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


async def resolve(host: str, port: int) -> list[Address]:
    """Return every address of a host once. Raises: OSError when it has none."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(ip_address(str(each[4][0]).partition("%")[0]) for each in found))


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that receives the packets of this address."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or int(address) >> 32 == 0:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
