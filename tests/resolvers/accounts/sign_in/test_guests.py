"""How many visitors one address may bring."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateways.rate_limits import MemoryRateLimits
from models.accounts.sessions import Guest, Session
from models.errors import RateLimited
from resolvers.accounts.sign_in import guests
from resolvers.context import Context


async def test_three_hundred_visitors_a_minute_from_one_address_and_no_more(ctx: Context) -> None:
    now = [1_000_000.0]
    gateways = replace(ctx.gateways, rate_limits=MemoryRateLimits(lambda: now[0]))
    shop = replace(ctx, gateways=gateways, remote_address="203.0.113.7")
    tokens = {(await guests.sign_in(shop))[0].access_token for _ in range(300)}
    assert len(tokens) == 300  # each has a session of their own
    for _ in range(2):
        with pytest.raises(RateLimited) as refused:
            await guests.sign_in(shop)
    assert 1 <= (refused.value.retry_after_seconds or 0) <= 60
    assert await Guest.all().count() == 300
    assert await Session.filter(kind="GUEST").count() == 300
    elsewhere = replace(shop, remote_address="203.0.113.8")
    await guests.sign_in(elsewhere)
    now[0] += 61
    await guests.sign_in(shop)
    assert await Guest.all().count() == 302


async def test_so_many_an_hour_however_they_are_spread(ctx: Context) -> None:
    now = [1_000_000.0]
    gateways = replace(ctx.gateways, rate_limits=MemoryRateLimits(lambda: now[0]))
    settings = replace(ctx.settings, guests_per_address_per_hour=3)
    shop = replace(ctx, gateways=gateways, settings=settings)
    for _ in range(3):
        await guests.sign_in(shop)
        now[0] += 61
    with pytest.raises(RateLimited) as refused:
        await guests.sign_in(shop)
    assert (refused.value.retry_after_seconds or 0) > 60
    assert await Guest.all().count() == 3
