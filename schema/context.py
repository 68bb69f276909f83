"""From an HTTP request or a WebSocket operation to the context of the use cases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import HTTPConnection

from gateways import Gateways
from models.database import freshness_of_request
from models.errors import NotSignedIn
from resolvers.accounts import identity
from resolvers.accounts.clients.uses import ClientUses
from resolvers.context import Context, utc_now
from schema.messages import preferred_language
from schema.transport.connection import header
from settings import Settings

ContextFactory = Callable[[HTTPConnection, dict[str, Any] | None], Awaitable[Context]]


def context_factory(
    settings: Settings, gateways: Gateways, uses: ClientUses | None = None
) -> ContextFactory:
    """How requests become contexts; `uses` hears of every API client that asks."""
    oldest: list[int] = []

    async def first_merchant() -> int | None:
        """Asked until there is one: a merchant never goes, so the oldest stays the oldest."""
        if not oldest and (merchant_id := await identity.oldest_merchant()):
            oldest.append(merchant_id)
        return oldest[0] if oldest else await identity.platform()

    async def make(connection: HTTPConnection, params: dict[str, Any] | None) -> Context:
        """Raises: NotSignedIn for a token or storefront key that is not good."""
        token = _bearer(header(connection, params, "Authorization"))
        key = header(connection, params, "X-Storefront-Key")
        freshness = freshness_of_request()
        actor, storefront = await identity.asking(
            token, key, utc_now(), freshness, settings.roles_with_second_factor
        )
        if uses is not None:
            uses.note(actor)
        merchant_id = identity.merchant_of(actor, storefront) or await first_merchant()
        actor = actor.within(merchant_id)
        return Context(
            settings=settings,
            gateways=gateways,
            actor=actor,
            channel=identity.channel_of(storefront),
            merchant_id=merchant_id,
            store_node_id=identity.store_node_of(actor, storefront),
            language=preferred_language(
                header(connection, params, "Accept-Language") or "", settings.default_language
            ),
            request_id=connection.scope.get("state", {}).get("request_id", "-"),
            remote_address=connection.client.host if connection.client else "",
            storefront_id=storefront.storefront_id if storefront else None,
            device=header(connection, None, "User-Agent") or "",
            freshness=freshness,
        )

    return make


def _bearer(authorization: str | None) -> str | None:
    if not authorization:
        return None
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NotSignedIn("Write the header as Authorization: Bearer <token>.")
    return token.strip()
