"""Visitors who have not signed in: a guest's session owns carts and orders."""

from __future__ import annotations

from gateways import Limit
from models.accounts.sessions import Guest, SubjectKind
from models.database import transaction
from resolvers.accounts.sessions import Tokens, issue
from resolvers.attempts import count, network
from resolvers.context import Context
from resolvers.permissions import for_anyone

# Many shops may share one address; each guest costs a row and a session.
PER_ADDRESS_PER_MINUTE = 300
PER_ADDRESS_PER_HOUR = 10_000


@for_anyone
async def sign_in(ctx: Context) -> tuple[Tokens, Guest]:
    """Begin a guest's session. Raises: RateLimited for an address that makes them by the thousand."""
    limits = [
        Limit("guest sign-in by minute", network(ctx), PER_ADDRESS_PER_MINUTE, 60),
        Limit("guest sign-in", network(ctx), PER_ADDRESS_PER_HOUR, 3600),
    ]
    await count(ctx, limits, "Too many visitors from this address. Try again in {seconds} seconds.")
    return await transaction(_sign_in, ctx)


async def _sign_in(ctx: Context) -> tuple[Tokens, Guest]:
    guest = await Guest.create()
    return await issue(ctx, SubjectKind.GUEST, guest.id), guest
