"""What a rush of buyers costs the database."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from models.accounts.roles import Role
from models.orders.carts import Cart, CartStatus
from models.orders.orders import Order
from resolvers.context import Context
from resolvers.orders.cart import carts
from resolvers.orders.checkout import placing
from resolvers.orders.checkout.placement import PreparedOrder
from tests.make import members
from tests.make.checkouts import EXPRESS, a_member, a_store, checkout, choice, line
from tests.make.sales import a_key
from tests.make.statements import counting
from tests.make.stock import a_level, again


def wait_before_booking(monkeypatch: pytest.MonkeyPatch, callers: int) -> None:
    """Let nobody book before so many have worked out what they book."""
    all_ready = asyncio.Barrier(callers)
    real = placing.attributed

    async def attributed(*arguments: Any) -> Any:
        """Called last before the booking."""
        found = await real(*arguments)
        await all_ready.wait()
        return found

    monkeypatch.setattr(placing, "attributed", attributed)


async def test_a_rush_costs_one_update_of_the_level_a_batch(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes while the first is being booked waits for it, and all who wait go together."""
    level = await a_level(ctx, 100, location=await a_store(ctx))
    draft = checkout([line(level.variant_id)], choice(EXPRESS))
    members = [await a_member(ctx) for _ in range(40)]
    all_ready = asyncio.Barrier(len(members))
    real = placing.prepare

    async def prepare(*arguments: object) -> PreparedOrder:
        found = await real(*arguments)  # type: ignore[arg-type]
        await all_ready.wait()
        return found

    monkeypatch.setattr(placing, "prepare", prepare)
    with counting() as statements:
        orders = await asyncio.gather(*(placing.place(each, draft, a_key()) for each in members))
    kinds = Counter("UPDATE stock_level" in each for each in statements)
    assert kinds[True] == 2, kinds
    assert len({order.number for order in orders}) == await Order.all().count() == 40
    assert ((await again(level)).available, (await again(level)).held) == (60, 40)


async def test_carts_and_a_link_that_all_came_through_cost_nothing_more(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 100, location=store)
    guide = await members.staff(store.organisation_id, Role.GUIDE)
    link = await members.link(ctx, guide, store)
    buyers = [await a_member(ctx) for _ in range(20)]
    baskets = [await carts.create(each, [line(level.variant_id)]) for each in buyers]
    all_ready = asyncio.Barrier(len(buyers))
    real = placing.prepare

    async def prepare(*arguments: object) -> PreparedOrder:
        found = await real(*arguments)  # type: ignore[arg-type]
        await all_ready.wait()
        return found

    monkeypatch.setattr(placing, "prepare", prepare)

    async def place(member: Context, cart: Cart) -> Order:
        draft = checkout([], choice(EXPRESS), cart_id=cart.id)
        return await placing.place(member, replace(draft, referral_token=link.token), a_key())

    with counting() as statements:
        orders = await asyncio.gather(*map(place, buyers, baskets))
    assert sum("share_link SET orders" in each for each in statements) == 2
    assert sum("UPDATE stock_level" in each for each in statements) == 2
    await link.refresh_from_db()
    assert link.orders == len({order.number for order in orders}) == 20
    for cart in baskets:
        version = cart.version
        await cart.refresh_from_db()
        assert (cart.status, cart.version) == (CartStatus.ORDERED, version + 1)


async def test_one_order_that_cannot_be_written_fails_alone(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A member who has gone meanwhile breaks the batch, which is then written one by one."""
    level = await a_level(ctx, 100, location=await a_store(ctx))
    draft = checkout([line(level.variant_id)], choice(EXPRESS))
    members = [await a_member(ctx) for _ in range(8)]
    real = placing.prepare

    async def prepare(ctx: Context, *arguments: object) -> PreparedOrder:
        found = await real(ctx, *arguments)  # type: ignore[arg-type]
        if ctx is members[5]:
            object.__setattr__(found.plan.lines, "member_id", 10**9)
        return found

    monkeypatch.setattr(placing, "prepare", prepare)
    outcomes = await asyncio.gather(
        *(placing.place(each, draft, a_key()) for each in members), return_exceptions=True
    )
    assert [isinstance(each, Order) for each in outcomes] == [n != 5 for n in range(8)]
    assert ((await again(level)).available, (await again(level)).held) == (93, 7)
