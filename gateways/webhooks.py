"""The door to the receivers of webhooks: to public addresses only, unless the settings allow others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import TYPE_CHECKING

from gateways import GatewayError, Receiver
from gateways.addresses import Address, is_public, resolve
from gateways.http import open_client, post_pinned

if TYPE_CHECKING:
    import httpx

AGENT = "Quintet-Webhooks"
RESOLVE_SECONDS = 5.0


class HttpWebhooks:
    """Whether private addresses and `http://` may be delivered to; `seconds` bounds a delivery."""

    def __init__(self, *, private_addresses: bool, plain_http: bool, seconds: float) -> None:
        self._private_addresses = private_addresses
        self._plain_http = plain_http
        self.seconds = seconds

    def fault(self, url: str) -> str | None:
        """What is wrong with an address, as far as can be told without asking the network."""
        import httpx  # takes long to load

        try:
            parsed = httpx.URL(url)
        except (httpx.InvalidURL, ValueError):
            return "This is not a URL."
        if parsed.scheme not in ("https", "http") or not parsed.host:
            return "The URL must begin with https://."
        if parsed.scheme == "http" and not self._plain_http:
            return "The URL must begin with https://."
        if parsed.userinfo or parsed.fragment:
            return "The URL must have no user, password or fragment."
        try:
            literal = ip_address(parsed.host)
        except ValueError:
            return None
        return None if self._may_reach(literal) else "The address is not a public one."

    @asynccontextmanager
    async def to(self, url: str) -> AsyncIterator[Receiver]:
        async with open_client() as client:
            yield _HttpReceiver(self, client, url)

    async def addresses_of(self, url: httpx.URL) -> list[Address]:
        """All of the host's addresses.

        Raises: GatewayError when it has none, or one that may not be delivered to.
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
    """Its host is looked up once, and only what was checked is called: a name that changes gains nothing."""

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
        )
        return status, content.decode(errors="replace")
