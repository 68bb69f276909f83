"""HTTP delivery to webhook receivers, at public addresses only unless the settings allow others."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateways import GatewayError, Receiver
from gateways.addresses import Address, is_inner_name, is_public, literal_address, resolve
from gateways.circuits import Circuits
from gateways.http import open_client, post_pinned

if TYPE_CHECKING:
    import httpx

AGENT = "Quintet-Webhooks"
RESOLVE_SECONDS = 5.0
# Characters that URL parsers treat differently: spaces, control characters, backslashes.
UNCLEAR = re.compile(r"[\s\x00-\x20\x7f\\]")


class HttpWebhooks:
    """Delivers messages to receivers by HTTP.

    `private_addresses` and `plain_http` allow receivers at private addresses and without TLS. `hosts`,
    unless empty, are the only allowed hosts, each with its subdomains. `seconds` limits a delivery.
    """

    def __init__(
        self,
        *,
        private_addresses: bool,
        plain_http: bool,
        seconds: float,
        hosts: Collection[str] = (),
    ) -> None:
        self._private_addresses = private_addresses
        self._hosts = hosts
        self.circuits = Circuits()
        self._plain_http = plain_http
        self.seconds = seconds

    def fault(self, url: str) -> str | None:
        """Return what is wrong with a URL, checked without the network."""
        import httpx  # loads slowly

        if UNCLEAR.search(url):
            return "This is not a URL."
        try:
            parsed = httpx.URL(url)
            if parsed.scheme not in ("https", "http"):
                return "The URL must begin with https://."
            if not parsed.host:
                return "The URL names no host."
            literal = literal_address(_host(parsed))
        except (httpx.InvalidURL, ValueError):
            return "This is not a URL."
        if parsed.scheme == "http" and not self._plain_http:
            return "The URL must begin with https://."
        if parsed.userinfo or parsed.fragment:
            return "The URL must have no user, password or fragment."
        if parsed.port is not None and not 1 <= parsed.port <= 65535:
            return "The port must lie between 1 and 65535."
        return self._host_fault(_host(parsed), literal)

    def _host_fault(self, host: str, literal: Address | None) -> str | None:
        if self._hosts and not any(_is_at_or_below(host, each) for each in self._hosts):
            return "This server does not call that host."
        if self._private_addresses:
            return None
        inner = is_inner_name(host) if literal is None else not is_public(literal)
        return "The address is not a public one." if inner else None

    @asynccontextmanager
    async def to(self, url: str) -> AsyncIterator[Receiver]:
        async with open_client() as client:
            yield _HttpReceiver(self, client, url)

    async def addresses_of(self, url: httpx.URL) -> list[Address]:
        """Return all addresses of the host.

        Raises: GatewayError when it has none, or one that may not be called.
        """
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            async with asyncio.timeout(RESOLVE_SECONDS):
                addresses = await resolve(url.host, port)
        except (OSError, UnicodeError) as error:
            raise GatewayError(f"{url.host} has no address: {error}") from error
        if not addresses or not all(map(self._may_reach, addresses)):
            raise GatewayError(f"{url.host} is not at a public address.")
        return addresses

    def _may_reach(self, address: Address) -> bool:
        return self._private_addresses or is_public(address)


class _HttpReceiver:
    """A receiver whose host is resolved once; only checked addresses are called, so DNS rebinding fails."""

    def __init__(self, gateway: HttpWebhooks, client: httpx.AsyncClient, url: str) -> None:
        self._gateway = gateway
        self._client = client
        self._url = url
        self._looking_up: asyncio.Task[list[Address]] | None = None

    async def send(self, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        import httpx

        if fault := self._gateway.fault(self._url):
            raise GatewayError(fault)
        url = httpx.URL(self._url)
        if self._looking_up is None:
            self._looking_up = asyncio.create_task(self._gateway.addresses_of(url))
        status, content = await post_pinned(
            self._client,
            url,
            await self._looking_up,
            body=body,
            headers={"Content-Type": "application/json", "User-Agent": AGENT, **headers},
            seconds=self._gateway.seconds,
            circuits=self._gateway.circuits,
        )
        return status, content.decode(errors="replace")


def _host(url: httpx.URL) -> str:
    """Return the host in ASCII and lower case, as it is resolved."""
    return url.raw_host.decode("ascii").lower()


def _is_at_or_below(host: str, allowed: str) -> bool:
    bare = host.removesuffix(".")
    return bare == allowed or bare.endswith(f".{allowed}")
