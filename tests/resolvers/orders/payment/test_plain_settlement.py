"""Payments that come together are settled together, each as if it had come by itself."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest

from models.database import transaction
from models.orders.fulfilments import PrintTicket
from models.orders.orders import Order, OrderEvent
from models.orders.payments import Payment, Refund
from models.orders.states import OrderStatus, PaymentStatus
from models.referrals.rules import Share
from models.stock.ledger import StockMovement
from models.stock.levels import StockLevel
from resolvers.context import Context
from resolvers.orders import cancelling
from resolvers.orders.checkout import placing
from resolvers.orders.payment import plain_settlement
from resolvers.orders.payment.settlement import Outcome
from resolvers.stock.allocation import holds as allocation_holds
from tests.make.checkouts import EXPRESS, a_member, a_store, checkout, choice, line
from tests.make.sales import a_guest, a_key, a_payment, settled
from tests.make.soundness import contradictions
from tests.make.statements import counting
from tests.make.stock import a_level, again

Meanwhile = Callable[[], Awaitable[object]]


class Bought(NamedTuple):
    guest: Context
    order: Order
    payment: Payment


async def bought(ctx: Context, level: StockLevel) -> Bought:
    guest = await a_guest(ctx)
    draft = checkout([line(level.variant_id)], choice(EXPRESS))
    order = await placing.place(guest, draft, a_key())
    return Bought(guest, order, await a_payment(guest, order))


async def rush(
    ctx: Context,
    payments: list[Payment],
    monkeypatch: pytest.MonkeyPatch,
    meanwhile: Meanwhile | None = None,
) -> list[Outcome]:
    """Settle them once all have been looked at; `meanwhile` is done after that."""
    all_ready = asyncio.Barrier(len(payments))
    real = plain_settlement.commissions.earned

    async def earned(*arguments: Any) -> Sequence[Share]:
        """Called last before they are settled."""
        found = await real(*arguments)
        if await all_ready.wait() == 0 and meanwhile is not None:
            await meanwhile()
        await all_ready.wait()
        return found

    monkeypatch.setattr(plain_settlement, "commissions", SimpleNamespace(earned=earned))
    outcomes = await asyncio.gather(*(settled(ctx, each) for each in payments))
    monkeypatch.undo()
    return outcomes


async def stock(level: StockLevel) -> tuple[int, int, int]:
    now = await again(level)
    return now.available, now.held, now.committed


async def test_a_rush_costs_one_update_of_the_level_a_batch(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    level = await a_level(ctx, 50, location=await a_store(ctx))
    sales = [await bought(ctx, level) for _ in range(40)]
    before = await StockMovement.all().count()
    with counting() as statements:
        outcomes = await rush(ctx, [each.payment for each in sales], monkeypatch)
    assert Counter(outcomes) == {Outcome.PAID: 40}
    assert Counter("UPDATE stock_level" in each for each in statements)[True] == 2
    assert await stock(level) == (10, 0, 40)
    assert await StockMovement.all().count() == before + 40
    assert await PrintTicket.all().count() == 40
    assert await OrderEvent.filter(to_status=OrderStatus.PAID).count() == 40
    assert await Payment.filter(status=PaymentStatus.SUCCEEDED).count() == 40
    assert await contradictions(ctx) == []


async def test_told_thrice_each_is_paid_once(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    level = await a_level(ctx, 9, location=await a_store(ctx))
    payments = [(await bought(ctx, level)).payment for _ in range(6)]
    outcomes = await rush(ctx, payments * 3, monkeypatch)
    assert Counter(outcomes) == {Outcome.PAID: 6, Outcome.REPEATED: 12}
    assert await stock(level) == (3, 0, 6)
    assert await contradictions(ctx) == []


async def test_who_cancels_meanwhile_gets_the_money_back_and_holds_nobody_up(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    level = await a_level(ctx, 9, location=await a_store(ctx))
    sales = [await bought(ctx, level) for _ in range(6)]
    leaves = sales[3]

    async def cancel() -> None:
        await cancelling.cancel(leaves.guest, leaves.order.id, "changed my mind")

    outcomes = await rush(ctx, [each.payment for each in sales], monkeypatch, cancel)
    assert [n for n, each in enumerate(outcomes) if each is Outcome.REFUNDED] == [3]
    assert Counter(outcomes)[Outcome.PAID] == 5
    assert [each.payment_id for each in await Refund.all()] == [leaves.payment.id]
    assert await stock(level) == (4, 0, 5)
    assert await contradictions(ctx) == []


@pytest.mark.parametrize("taken", [False, True])
async def test_a_hold_that_was_released_meanwhile_is_settled_by_itself(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, taken: bool
) -> None:
    """It takes its piece again, or gives the money back; the others keep theirs."""
    level = await a_level(ctx, 6, location=await a_store(ctx))
    sales = [await bought(ctx, level) for _ in range(6)]

    async def release() -> None:
        await transaction(allocation_holds.release, ctx, sales[2].order.id)
        if taken:
            await bought(ctx, level)

    outcomes = await rush(ctx, [each.payment for each in sales], monkeypatch, release)
    expected = Outcome.REFUNDED if taken else Outcome.PAID
    assert outcomes == [Outcome.PAID] * 2 + [expected] + [Outcome.PAID] * 3
    assert await stock(level) == ((0, 1, 5) if taken else (0, 0, 6))
    assert await contradictions(ctx) == []


@pytest.mark.parametrize("seed", range(2))
async def test_baskets_of_several_products_are_exact(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    store = await a_store(ctx)
    levels = [await a_level(ctx, 100, location=store) for _ in range(4)]
    payments, pieces = [], Counter[int]()
    for _ in range(25):
        member = await a_member(ctx)
        basket = {each: chance.randint(1, 3) for each in chance.sample(levels, 2)}
        lines = [line(each.variant_id, n) for each, n in basket.items()]
        order = await placing.place(member, checkout(lines, choice(EXPRESS)), a_key())
        payments.append(await a_payment(member, order))
        pieces.update({each.id: n for each, n in basket.items()})
    outcomes = await rush(ctx, payments, monkeypatch)
    assert Counter(outcomes) == {Outcome.PAID: 25}
    for level in levels:
        assert await stock(level) == (100 - pieces[level.id], 0, pieces[level.id])
    assert await contradictions(ctx) == []
