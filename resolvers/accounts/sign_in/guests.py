"""Visitors who have not signed in: a guest's session owns carts and orders."""

from __future__ import annotations

from gateways import Limit
from models.accounts.sessions import Guest, SubjectKind
from models.database import transaction
from resolvers.accounts.sessions import Tokens, issue
from resolvers.attempts import count, network
from resolvers.context import Context
from resolvers.permissions import for_anyone


@for_anyone
async def sign_in(ctx: Context) -> tuple[Tokens, Guest]:
    """Begin a guest's session. Raises: RateLimited for an address that makes them by the thousand."""
    whence, settings = network(ctx), ctx.settings
    limits = [
        Limit("guest sign-in by minute", whence, settings.guests_per_address_per_minute, 60),
        Limit("guest sign-in", whence, settings.guests_per_address_per_hour, 3600),
    ]
    await count(ctx, limits, "Too many visitors from this address. Try again in {seconds} seconds.")
    return await transaction(_sign_in, ctx)


async def _sign_in(ctx: Context) -> tuple[Tokens, Guest]:
    guest = await Guest.create()
    return await issue(ctx, SubjectKind.GUEST, guest.id), guest
