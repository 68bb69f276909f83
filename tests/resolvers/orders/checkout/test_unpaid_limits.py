"""Nobody keeps more pieces from others without paying than the settings let them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from gateways.rate_limits import MemoryRateLimits
from models.errors import LimitExceeded
from models.orders.orders import Order
from models.stock.levels import StockLevel
from resolvers.context import Context
from resolvers.orders import cancelling
from resolvers.orders.checkout import placing
from resolvers.orders.checkout.request import CheckoutRequest
from tests.make.checkouts import PICKUP, a_store, checkout, choice, line
from tests.make.sales import a_guest, a_key, later
from tests.make.stock import a_level, again


def having(ctx: Context, **settings: Any) -> Context:
    gateways = replace(ctx.gateways, rate_limits=MemoryRateLimits())
    return replace(ctx, settings=replace(ctx.settings, **settings), gateways=gateways)


async def goods(ctx: Context, pieces: int = 4) -> tuple[StockLevel, CheckoutRequest]:
    store = await a_store(ctx)
    level = await a_level(ctx, 100, location=store)
    return level, checkout([line(level.variant_id, pieces)], choice(PICKUP, store))


async def placed(ctx: Context, draft: CheckoutRequest) -> Order | None:
    try:
        return await placing.place(ctx, draft, a_key())
    except LimitExceeded:
        return None


async def test_one_guest_holds_so_many_pieces_unpaid(ctx: Context) -> None:
    guest = await a_guest(having(ctx, unpaid_pieces=10))
    level, draft = await goods(ctx)
    first, second = await placed(guest, draft), await placed(guest, draft)
    assert first
    assert second
    with pytest.raises(LimitExceeded) as refused:
        await placing.place(guest, draft, a_key())
    assert refused.value.parts["maximum"] == 10
    assert ((await again(level)).held, await Order.all().count()) == (8, 2)
    assert await placed(await a_guest(guest), draft)  # somebody else
    await cancelling.cancel(guest, first.id, "x")
    assert await placed(guest, draft)
    assert not await placed(guest, draft)
    assert await placed(later(guest, minutes=ctx.settings.hold_minutes + 1), draft)


async def test_orders_placed_at_once_count_each_other(ctx: Context) -> None:
    guest = await a_guest(having(ctx, unpaid_pieces=10))
    level, draft = await goods(ctx)
    _, other = await goods(ctx)
    found = await asyncio.gather(*(placed(guest, [draft, other][n % 2]) for n in range(12)))
    assert 0 < sum(each is not None for each in found) <= 2
    assert (await again(level)).held <= 8


async def test_guests_of_one_address_order_so_many_pieces(ctx: Context) -> None:
    shop = having(ctx, unpaid_pieces_per_address=10)
    here, away = replace(shop, remote_address="10.0.0.1"), replace(shop, remote_address="10.0.0.2")
    level, draft = await goods(ctx)
    assert [bool(await placed(await a_guest(here), draft)) for _ in range(4)] == [1, 1, 0, 0]
    assert await placed(await a_guest(away), draft)
    assert (await again(level)).held == 12


async def test_without_limits_nothing_is_refused(ctx: Context) -> None:
    guest = await a_guest(having(ctx, unpaid_pieces=0, unpaid_pieces_per_address=0))
    _, draft = await goods(ctx)
    assert all([await placed(guest, draft) for _ in range(5)])
