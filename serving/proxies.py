"""The address and scheme of a client behind the proxies that the settings name.

A proxy appends its client's address to X-Forwarded-For. Only the entries of trusted proxies are reliable:
the client is the right-most entry that is not a trusted proxy.
"""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Scope = MutableMapping[str, Any]

# Exceeds the number of hops of any chain of proxies.
HOPS = 20
SCHEMES = frozenset({"http", "https"})


@lru_cache(maxsize=4096)
def address_of(text: str) -> Address | None:
    """Return the address in a host, `host:port`, `[host]` or `[host]:port`; None for anything else.

    An IPv4-mapped IPv6 address (`::ffff:192.0.2.1`) becomes the IPv4 address.
    """
    host = text.strip()
    if host.startswith("["):
        host, closing, port = host[1:].partition("]")
        if not closing or (port and not _is_port(port)):
            return None
    elif host.count(":") == 1:
        host, _, port = host.partition(":")
        if not _is_port(f":{port}"):
            return None
    if "%" in host:  # the zone of a link-local address has no meaning on other machines
        return None
    try:
        address = ip_address(host)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _is_port(text: str) -> bool:
    return text[0] == ":" and text[1:].isascii() and text[1:].isdigit() and len(text) <= 6


class TrustedProxies:
    """Rewrites `client` and `scheme` of requests and WebSockets that arrive through a trusted proxy."""

    def __init__(self, networks: Sequence[Network] = ()) -> None:
        self._networks = tuple(networks)

    def __contains__(self, address: Address | None) -> bool:
        return address is not None and any(
            address.version == network.version and address in network for network in self._networks
        )

    def rewrite(self, scope: Scope) -> None:
        peer = scope.get("client")
        if not peer or not (self._networks or ":" in peer[0]):
            return
        address = address_of(peer[0])
        if address is None:
            return
        if address not in self:
            if ":" in peer[0]:
                scope["client"] = (str(address), peer[1])
            return
        forwarded, proto = _forwarded(scope["headers"])
        client = self.client_of(address, forwarded)
        scope["client"] = (str(client), peer[1] if client == address else 0)
        if proto in SCHEMES:
            secure = proto == "https"
            if scope["type"] == "websocket":
                scope["scheme"] = "wss" if secure else "ws"
            else:
                scope["scheme"] = proto

    def client_of(self, peer: Address, forwarded: str) -> Address:
        """Return the right-most address that is no trusted proxy; an invalid hop ends the chain."""
        last = peer
        for hop in reversed(forwarded.rsplit(",", HOPS)[-HOPS:] if forwarded else []):
            address = address_of(hop) if len(hop) <= 100 else None
            if address is None:
                return last
            last = address
            if address not in self:
                return last
        return last


def _forwarded(headers: Iterable[tuple[bytes, bytes]]) -> tuple[str, str]:
    """Return X-Forwarded-For of all such headers joined, and the last X-Forwarded-Proto."""
    chain: list[bytes] = []
    proto = b""
    for name, value in headers:
        if name == b"x-forwarded-for":
            chain.append(value)
        elif name == b"x-forwarded-proto":
            proto = value
    last = proto.rpartition(b",")[2].strip().lower()
    return b",".join(chain).decode("latin-1"), last.decode("latin-1")
