"""The network addresses that count as one client."""

from __future__ import annotations

from functools import lru_cache
from ipaddress import IPv6Address, ip_address


@lru_cache(maxsize=10_000)
def client_of(address: str) -> str:
    """Return the address itself or, for IPv6, its /64, which belongs to one subscriber.

    Source: RFC 6177 (an end site gets a /64 at least).
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))
