"""Buyers, payments, cancellations, receipts and corrections of several goods at two places, all at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from models.catalog.products import Variant
from models.database import fetch
from models.errors import Refusal, Refusals
from models.orders.orders import Order
from models.stock.states import StockState
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.orders import cancelling
from resolvers.orders.checkout import placing
from tests.make.backorders import allow, as_system, moved, pay, sound
from tests.make.checkouts import PICKUP, a_store, checkout, choice, line
from tests.make.purchases import ordered, received
from tests.make.sales import a_guest, a_key
from tests.make.stock import a_variant

STUCK = """
SELECT promise.id FROM stock_promise AS promise JOIN stock_level AS level
  ON level.variant_id = promise.variant_id AND level.location_id = promise.location_id
WHERE promise.status = 'AWAITED' AND level.available > level.safety_stock
"""


@dataclass
class Rush:
    ctx: Context
    chance: random.Random
    stores: list[Location]
    variants: list[Variant]
    unpaid: list[Order] = field(default_factory=list)
    paid: list[Order] = field(default_factory=list)

    async def place(self) -> None:
        several = self.chance.sample(self.variants, self.chance.randint(1, 3))
        lines = [line(variant, self.chance.randint(1, 2)) for variant in several]
        draft = checkout(lines, choice(PICKUP, self.chance.choice(self.stores)))
        self.unpaid.append(await placing.place(await a_guest(self.ctx), draft, a_key()))

    async def pay(self) -> None:
        if self.unpaid:
            placed = self.unpaid.pop(self.chance.randrange(len(self.unpaid)))
            self.paid.append(await pay(self.ctx, placed))

    async def cancel(self) -> None:
        if self.paid:
            placed = self.paid.pop(self.chance.randrange(len(self.paid)))
            await cancelling.cancel(as_system(self.ctx), placed.id, "No longer wanted.")

    async def adjust(self) -> None:
        variant, store = self.chance.choice(self.variants), self.chance.choice(self.stores)
        start, end, n = StockState.OUTSIDE, StockState.AVAILABLE, self.chance.randint(1, 3)
        await moved(as_system(self.ctx), variant, store, start, end, n)

    async def receive(self) -> None:
        system, store = as_system(self.ctx), self.chance.choice(self.stores)
        some = self.chance.sample(self.variants, 3)
        purchase = await ordered(system, store.id, *((each.id, 2, "1.00") for each in some))
        await received(system, purchase, *((each.id, 2) for each in some))


@pytest.mark.parametrize("seed", [0, 1])
async def test_whatever_happens_at_once_nobody_waits_beside_goods(ctx: Context, seed: int) -> None:
    stores = [await a_store(ctx), await a_store(ctx, metres=50)]
    variants = [await a_variant(ctx) for _ in range(3)]
    for variant in variants:
        await allow(ctx, variant, 60)
    rush = Rush(ctx, random.Random(seed), stores, variants)
    for _ in range(10):
        await rush.place()
    steps: list[Callable[[], Awaitable[None]]] = [
        rush.place, rush.pay, rush.pay, rush.pay, rush.cancel, rush.adjust, rush.receive,
    ]  # fmt: skip
    for _ in range(3):
        works = [rush.chance.choice(steps)() for _ in range(14)]
        answers = await asyncio.gather(*works, return_exceptions=True)
        failed = [each for each in answers if isinstance(each, BaseException)]
        assert all(isinstance(each, Refusal | Refusals) for each in failed), failed
        assert await fetch(STUCK) == []
        assert await sound(ctx)
    assert rush.paid
