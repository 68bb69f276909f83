"""A process killed at any statement of a purchase or of the background work leaves a sound database."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from models.accounts.sessions import Guest
from models.database import fetch
from models.orders.payments import Payment
from models.orders.states import FulfilmentMethod, PaymentFlow, PaymentProvider
from models.stock.levels import StockLevel
from resolvers.background import worker
from resolvers.context import Actor, ActorKind, Context
from resolvers.orders.checkout import placing
from resolvers.orders.fulfilment import steps as fulfilment_steps
from resolvers.orders.fulfilment.steps import ShipmentDraft
from resolvers.orders.payment import payments, settlement
from resolvers.orders.payment.payments import ChargeDraft
from tests.make.checkouts import DELIVERY, PICKUP, a_store, checkout, choice, line
from tests.make.deaths import Prepared, in_database
from tests.make.sales import a_guest, a_paid_order, an_address, an_order, later, said, staff_of
from tests.make.soundness import contradictions
from tests.make.stock import a_level, a_variant


async def shop(ctx: Context) -> None:
    """Two stores with one variant, a third that has more than anybody asks for."""
    variant = await a_variant(ctx, "KILLED-1")
    for metres, pieces in ((0, 3), (500, 3), (9_000, 50)):
        await a_level(ctx, pieces, variant=variant, location=await a_store(ctx, metres))
    await Guest.create()


async def purchase(ctx: Context) -> None:
    """A guest's whole purchase, one piece collected and two delivered, with the same keys each time."""
    actor = Actor(ActorKind.GUEST, (await Guest.all().first()).id)  # type: ignore[union-attr]
    guest = replace(ctx, actor=actor, memory={})
    level = await StockLevel.all().order_by("id").first()
    assert level is not None
    store = await level.location
    draft = checkout(
        [line(level.variant_id, 3)],
        choice(PICKUP, store, [line(level.variant_id)]),
        choice(DELIVERY),
    )
    order = await placing.place(guest, draft, "killed-order")
    charge = ChargeDraft(
        order.id, PaymentProvider.SANDBOX, PaymentFlow.NATIVE, None, "killed-payment"
    )
    await settlement.settle(ctx, "SANDBOX", said(await payments.start(guest, charge)))


@pytest.mark.own_database
def test_killed_at_any_statement_of_a_purchase_it_can_be_finished(prepared: Prepared) -> None:
    in_database(prepared.settings, shop)

    async def finished(ctx: Context) -> tuple[list[str], list[dict[str, Any]], int]:
        broken = await contradictions(ctx)
        await purchase(ctx)
        orders = await fetch("SELECT status, paid_minor FROM sales_order")
        stock = await fetch("SELECT SUM(committed) AS n FROM stock_level")
        return [*broken, *await contradictions(ctx)], orders, stock[0]["n"]

    for settings in prepared.deaths(purchase):
        wrong, orders, committed = in_database(settings, finished)
        assert wrong == []
        assert orders == [{"status": "PAID", "paid_minor": 3000}]
        assert committed == 3


RUSH = 5


async def rush(ctx: Context) -> None:
    """Guests who all buy the same at the same time, with the same keys each time."""
    guests = await Guest.all().order_by("id").limit(RUSH)
    variant = (await StockLevel.all().order_by("id"))[0].variant_id
    draft = checkout([line(variant)], choice(DELIVERY))

    async def buy(guest_id: int) -> None:
        actor = Actor(ActorKind.GUEST, guest_id)
        guest = replace(ctx, actor=actor, memory={})
        order = await placing.place(guest, draft, "rush-order")
        charge = ChargeDraft(
            order.id, PaymentProvider.SANDBOX, PaymentFlow.NATIVE, None, "rush-payment"
        )
        await settlement.settle(ctx, "SANDBOX", said(await payments.start(guest, charge)))

    await asyncio.gather(*(buy(each.id) for each in guests))


async def many_guests(ctx: Context) -> None:
    await shop(ctx)
    for _ in range(RUSH):
        await Guest.create()


@pytest.mark.own_database
def test_killed_at_any_statement_of_a_rush_everybody_gets_one_order(prepared: Prepared) -> None:
    in_database(prepared.settings, many_guests)

    async def finished(ctx: Context) -> tuple[list[str], list[dict[str, Any]], dict[str, Any]]:
        broken = await contradictions(ctx)
        await rush(ctx)
        orders = await fetch("SELECT status, paid_minor = payable_minor AS paid FROM sales_order")
        stock = await fetch("SELECT SUM(committed) AS n, SUM(held) AS held FROM stock_level")
        return [*broken, *await contradictions(ctx)], orders, stock[0]

    for settings in prepared.deaths(rush):
        wrong, orders, stock = in_database(settings, finished)
        assert wrong == []
        assert [(row["status"], bool(row["paid"])) for row in orders] == [("PAID", True)] * RUSH
        assert stock == {"n": RUSH, "held": 0}


async def busy_shop(ctx: Context) -> None:
    """A shop where everything a worker does is due a month from now."""
    await shop(ctx)
    level, *_ = await StockLevel.all().order_by("id")
    guest = await a_guest(ctx)
    await an_order(guest, level)  # never paid
    closed = await an_order(guest, level)  # paid too late
    charge = ChargeDraft(closed.id, PaymentProvider.SANDBOX, PaymentFlow.NATIVE, None, "late")
    await payments.start(guest, charge)
    await a_paid_order(ctx, guest, level)  # never collected
    delivered = await a_paid_order(
        ctx, guest, level, FulfilmentMethod.STORE_DELIVERY, address=an_address()
    )
    (part,) = await fetch("SELECT id, location_id FROM fulfilment WHERE order_id = ?", delivered.id)
    clerk = await staff_of(ctx, part["location_id"])
    await fulfilment_steps.accept(clerk, part["id"])
    await fulfilment_steps.ready(clerk, part["id"])
    await fulfilment_steps.ship(clerk, ShipmentDraft(part["id"], "SF", "SF123"))
    await fulfilment_steps.complete(clerk, part["id"])
    # Nobody accepts this one.
    await a_paid_order(ctx, guest, level, FulfilmentMethod.STORE_DELIVERY, address=an_address())


async def background_work(ctx: Context) -> None:
    """One round of each task of a worker after another, a month later, and the late payment."""
    month = later(ctx, days=30)
    for task in worker.TASKS:
        await task.work(month)
    late = await Payment.filter(status__in=["PENDING", "CLOSED"]).first()
    if late is not None:
        await settlement.settle(month, "SANDBOX", said(late))
    for task in worker.TASKS:
        await task.work(month)


async def contradictions_then(ctx: Context) -> list[str]:
    """What is wrong a month later, when the keys that orders were placed with may be forgotten."""
    return await contradictions(later(ctx, days=30, minutes=6))


async def outcome(ctx: Context) -> dict[str, Any]:
    """Where everything has come to, once there is nothing more to do."""
    for _ in range(3):
        await background_work(ctx)
    # A claim of a job that the killed process left runs out.
    for task in worker.TASKS:
        await task.work(later(ctx, days=30, minutes=6))
    queries = {
        "orders": "SELECT id, status, paid_minor, refunded_minor FROM sales_order ORDER BY id",
        "parts": "SELECT order_id, status FROM fulfilment ORDER BY order_id, id",
        "levels": "SELECT id, available, held, committed FROM stock_level ORDER BY id",
        "holds": "SELECT order_id, status, quantity FROM stock_hold ORDER BY order_id, id",
        "refunds": "SELECT payment_id, amount_minor, status FROM refund ORDER BY payment_id, id",
        "jobs": "SELECT COUNT(*) AS n FROM job",
    }
    return {name: await fetch(query) for name, query in queries.items()}


@pytest.mark.own_database
def test_a_worker_killed_at_any_statement_loses_and_doubles_nothing(prepared: Prepared) -> None:
    in_database(prepared.settings, busy_shop)
    with prepared.copy() as settings:
        undisturbed = in_database(settings, outcome)
        assert {"PAID", "CANCELLED"} & {row["status"] for row in undisturbed["orders"]}
    for settings in prepared.deaths(background_work):
        assert in_database(settings, contradictions_then) == []
        assert in_database(settings, outcome) == undisturbed
        assert in_database(settings, contradictions_then) == []
