"""A hold counts as available from the very moment that it expires, though all else is kept between writes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models.catalog.products import Variant
from models.stock.holds import StockHold
from models.stores.locations import Location
from resolvers.catalog.search.filters import ProductQuery
from resolvers.catalog.search.listing import page as products_page
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from resolvers.stock.levels import availability, by_variant
from resolvers.stores.filters import StoreQuery
from resolvers.stores.listing import page as stores_page
from tests.make.goods import a_merchant, a_product, a_store, open_stores, pieces, put
from tests.make.requests import a_request

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize("expires_at", [NOON, NOON + timedelta(seconds=20), NOON - INSTANT])
async def test_a_hold_is_free_from_the_moment_that_it_expires(
    ctx: Context, nothing_ever_changes: None, expires_at: datetime
) -> None:
    ctx = replace(ctx, merchant_id=(await a_merchant("M")).id)
    await put(ctx, a_product("P1"))
    await open_stores(ctx, a_store("S"))
    variant, store = await Variant.get(sku="P1"), await Location.get(code="S")
    level = await pieces(variant.id, store.id, 1, held=2)
    await StockHold.create(
        level_id=level.id, order_id=1, fulfilment_id=1, quantity=2, expires_at=expires_at
    )
    table = [
        (expires_at - timedelta(minutes=2), 1),
        (expires_at - INSTANT, 1),
        (expires_at, 3),
        (expires_at + INSTANT, 3),
        (expires_at + timedelta(minutes=2), 3),
    ]
    for _ in range(3):  # the last time from what is kept
        for at, expected in table:
            then = replace(ctx, clock=lambda at=at: at, memory={})
            assert await seen(then, variant.id) == [expected] * 2, at
            for wanted in (2, 3):
                found = await listed(then, variant.id, wanted)
                assert found == (["S"] if expected >= wanted else []), at


async def seen(ctx: Context, variant_id: int) -> list[int]:
    """What is available of the variant: everywhere, and at the one place that has it."""
    async with a_request():
        everywhere = await availability.of_variants(ctx, [variant_id])
    async with a_request():
        levels = await by_variant.of_variants(ctx, [variant_id], None, PageRequest())
    return [everywhere[variant_id], levels[variant_id].rows[0].quantities.available]


async def listed(ctx: Context, variant_id: int, wanted: int) -> list[str]:
    """The stores that have so many."""
    async with a_request():
        query = StoreQuery(carrying=((variant_id, wanted),))
        return [each.row.code for each in (await stores_page(ctx, query, PageRequest())).found]


async def test_products_are_in_stock_from_the_moment_that_a_hold_expires(
    ctx: Context, nothing_ever_changes: None
) -> None:
    ctx = replace(ctx, merchant_id=(await a_merchant("M")).id)
    await put(ctx, a_product("P1"))
    await open_stores(ctx, a_store("S"))
    level = await pieces(
        (await Variant.get(sku="P1")).id, (await Location.get(code="S")).id, 0, held=1
    )
    await StockHold.create(
        level_id=level.id, order_id=1, fulfilment_id=1, quantity=1, expires_at=NOON
    )
    for _ in range(3):
        for at, expected in ((NOON - INSTANT, []), (NOON, ["P1"]), (NOON + INSTANT, ["P1"])):
            then = replace(ctx, clock=lambda at=at: at, memory={})
            async with a_request():
                query = ProductQuery(in_stock_only=True)
                found = await products_page(then, query, None, PageRequest())
            assert [each.code for each in found.rows] == expected
