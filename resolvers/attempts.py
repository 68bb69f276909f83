"""Guessing, bounded: an attempt is counted before it is made, and given back once it turns out right.

An attempt that is refused, fails or is given up (the client hangs up) stays counted.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from gateways import Limit
from models.errors import RateLimited, SecondFactorRequired
from models.text.client_addresses import client_of
from resolvers.context import Context

TOO_OFTEN = "Too many attempts. Try again in {seconds} seconds."


async def count(ctx: Context, limits: Sequence[Limit], template: str = TOO_OFTEN) -> None:
    """Count one in each limit, or in none. Raises: RateLimited."""
    if seconds := await ctx.gateways.rate_limits.take(limits):
        raise RateLimited(template, retry_after_seconds=seconds)


@asynccontextmanager
async def attempt(
    ctx: Context, limits: Sequence[Limit], template: str = TOO_OFTEN
) -> AsyncIterator[None]:
    """One guess: counted on entry, given back when the block ends without an exception.

    Raises: RateLimited before the block is entered.
    """
    await count(ctx, limits, template)
    async with counted(ctx, limits):
        yield


@asynccontextmanager
async def counted(ctx: Context, limits: Sequence[Limit]) -> AsyncIterator[None]:
    """One guess that has been counted; given back, too, when it was right so far, or not tried at all."""
    try:
        yield
    except (RateLimited, SecondFactorRequired):
        await ctx.gateways.rate_limits.give_back(limits)
        raise
    await ctx.gateways.rate_limits.give_back(limits)


def guesses(
    ctx: Context, what: str, *, times: int, seconds: int, address_times: int | None = None
) -> list[Limit]:
    """The limits on guessing `what`: by the caller, and by the caller's address.

    An address gets `address_times` (default: ten times as many), since many may share one.
    """
    by_address = Limit(f"{what} by address", network(ctx), address_times or 10 * times, seconds)
    if ctx.actor.id is None:
        return [by_address]
    return [Limit(what, ctx.actor.key, times, seconds), by_address]


def network(ctx: Context) -> str:
    """Where the caller comes from: an address, or of IPv6 a network."""
    return client_of(ctx.remote_address)
