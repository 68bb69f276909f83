"""Pieces that come, or are free again, go to whoever was promised them, before anybody else can have them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from models.catalog.products import Variant
from models.errors import Refusals
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.outbox import OutboxEvent
from models.stock.backorders import BackorderAllocation
from models.stock.ledger import StockMovement
from models.stock.levels import StockLevel
from models.stock.states import StockState
from models.stores.locations import Location
from resolvers.bulk_rows import OnError
from resolvers.context import Context
from resolvers.orders import cancelling, pickups, rerouting
from resolvers.orders.checkout import placing
from resolvers.stock.allocation import backorder_allocation
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.documents.lines import LineDraft
from resolvers.stock.levels.erp_sync import LevelDraft, set_levels
from resolvers.stock.levels.safety_stock import SafetyDraft, set_safety
from resolvers.stock.stocktakes.approval import approve
from resolvers.stock.stocktakes.counting import CountDraft
from resolvers.stock.stocktakes.counting import count as count_lines
from resolvers.stock.stocktakes.opening import open_
from resolvers.stock.transfers import arrivals as transfer_arrivals
from resolvers.stock.transfers import requests as transfer_requests
from resolvers.stock.transfers import shipping as transfer_shipping
from resolvers.stock.transfers.arrivals import ReceiptDraft
from resolvers.stock.transfers.requests import TransferDraft
from tests.make.backorders import (
    allow,
    as_system,
    moved,
    order,
    paid,
    part_of,
    pay,
    promised,
    sound,
)
from tests.make.checkouts import DELIVERY, PICKUP, a_store, checkout, choice, line
from tests.make.purchases import ordered, received
from tests.make.sales import a_guest, a_key, later, staff_of
from tests.make.statements import counting
from tests.make.stock import a_level, a_variant

Way = AsyncIterator[
    None
]  # what must be so before anything is promised, then what brings three pieces
OUTSIDE, AVAILABLE, DAMAGED = StockState.OUTSIDE, StockState.AVAILABLE, StockState.DAMAGED


async def purchased(ctx: Context, variant: Variant, store: Location) -> Way:
    purchase = await ordered(ctx, store.id, (variant.id, 3, "1.00"))
    yield
    await received(ctx, purchase, (variant.id, 3))


async def on_the_road(ctx: Context, variant: Variant, start: Location, end: Location) -> int:
    draft = TransferDraft(
        source_id=start.id, destination_id=end.id, lines=[LineDraft(variant.id, 3)]
    )
    transfer = await transfer_requests.request(ctx, draft, a_key())
    await transfer_requests.approve(ctx, transfer.id, None, None)
    await transfer_shipping.ship(ctx, transfer.id, None, a_key())
    return transfer.id


async def transferred(ctx: Context, variant: Variant, store: Location) -> Way:
    source = await a_level(ctx, 3, variant=variant)
    transfer_id = await on_the_road(ctx, variant, await source.location, store)
    yield
    receipt = ReceiptDraft(variant.id, 3)
    await transfer_arrivals.receive(ctx, transfer_id, [receipt], a_key())


async def called_back(ctx: Context, variant: Variant, store: Location) -> Way:
    await a_level(ctx, 3, variant=variant, location=store)
    transfer_id = await on_the_road(ctx, variant, store, await a_store(ctx, metres=90_000))
    yield
    await transfer_arrivals.cancel(ctx, transfer_id, None, None, None)


async def set_by_the_erp(ctx: Context, variant: Variant, store: Location) -> Way:
    yield
    row = LevelDraft(location_code=store.code, sku=variant.sku, quantity=3, compare_quantity=0)
    outcome = await set_levels(ctx, [row], OnError.REJECT_ALL, a_key())
    assert not outcome.batch.rejected


async def adjusted(ctx: Context, variant: Variant, store: Location) -> Way:
    yield
    await moved(ctx, variant, store, OUTSIDE, AVAILABLE)


async def repaired(ctx: Context, variant: Variant, store: Location) -> Way:
    await moved(ctx, variant, store, OUTSIDE, DAMAGED)
    yield
    await moved(ctx, variant, store, DAMAGED, AVAILABLE)


async def counted(ctx: Context, variant: Variant, store: Location) -> Way:
    await a_level(ctx, 0, variant=variant, location=store)
    yield
    stocktake = await open_(ctx, store.id, [variant.id], None)
    await count_lines(ctx, stocktake.id, [CountDraft(variant.id, 3)], None, None)
    await approve(ctx, stocktake.id, a_key())


async def kept_back_no_more(ctx: Context, variant: Variant, store: Location) -> Way:
    await a_level(ctx, 3, variant=variant, location=store, safety_stock=3)
    yield
    row = SafetyDraft(location_code=store.code, sku=variant.sku, quantity=0)
    await set_safety(ctx, [row], OnError.REJECT_ALL)


async def cancelled(ctx: Context, variant: Variant, store: Location) -> Way:
    await a_level(ctx, 3, variant=variant, location=store)
    placed = await paid(ctx, variant, store, 3)
    yield
    await cancelling.cancel(ctx, placed.id, "No longer wanted.")


async def never_paid(ctx: Context, variant: Variant, store: Location) -> Way:
    await a_level(ctx, 3, variant=variant, location=store)
    await order(ctx, variant, store, 3)
    yield
    assert await cancelling.expire_due(later(ctx, minutes=60)) == 2


async def swept(ctx: Context, variant: Variant, store: Location) -> Way:
    await a_level(ctx, 3, variant=variant, location=store)
    await order(ctx, variant, store, 3)
    yield
    assert await allocation_holds.release_expired(later(ctx, minutes=60)) == 1


async def never_collected(ctx: Context, variant: Variant, store: Location) -> Way:
    await a_level(ctx, 3, variant=variant, location=store)
    await paid(ctx, variant, store, 3)
    yield
    assert await pickups.expire_pickups(later(ctx, days=60)) == 1


async def rejected(ctx: Context, variant: Variant, store: Location) -> Way:
    await a_level(ctx, 3, variant=variant, location=store)
    placed = await paid(ctx, variant, store, 3, method=DELIVERY)
    yield
    await a_level(ctx, 3, variant=variant, location=await a_store(ctx, metres=900))
    part = await part_of(placed)
    await rerouting.reject(await staff_of(ctx, store.id), part.id, "Broken.")


WAYS = (
    purchased, transferred, called_back, set_by_the_erp, adjusted, repaired, counted, kept_back_no_more,
    cancelled, never_paid, swept, never_collected, rejected,
)  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_whatever_brings_pieces_fills_what_was_promised_first(
    ctx: Context, way: Callable[[Context, Variant, Location], Way]
) -> None:
    system, store, variant = as_system(ctx), await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 9)
    bringing = aiter(way(system, variant, store))
    await anext(bringing)
    unpaid = await order(ctx, variant, store)
    first, second = await paid(ctx, variant, store, 2), await paid(ctx, variant, store, 2)
    events = await OutboxEvent.filter(topic="fulfilment.changed").count()
    assert await anext(bringing, "done") == "done"
    owed = await BackorderAllocation.filter(location_id=store.id).order_by("id")
    given_up = way is never_paid  # and the promise of the order that nobody paid either
    assert [(each.filled, str(each.status)) for each in owed] == [
        (0, "RELEASED" if given_up else "HELD"), (2, "FILLED"), (1, "AWAITED"),
    ]  # fmt: skip
    level = await StockLevel.get(variant_id=variant.id, location_id=store.id)
    assert (level.available, level.committed) == (0, 3)
    assert await promised(variant) == (1 if given_up else 2)
    ready, waiting = await part_of(first), await part_of(second)
    assert (ready.awaits_until, bool(waiting.awaits_until)) == (None, True)
    assert (bool(ready.pickup_expires_at), waiting.pickup_expires_at) == (True, None)
    told = OutboxEvent.filter(topic="fulfilment.changed", node_id=ready.id)
    assert (await told.count(), events) == (1, events)
    assert (await told.get()).subject == f"GUEST:{first.guest_id}"
    assert (await part_of(unpaid)).awaits_until
    moves = StockMovement.filter(document_type="Order", document_id=first.id)
    assert [(str(m.reason), m.quantity) for m in await moves] == [("COMMIT", 2)]
    assert await backorder_allocation.fill_due(system) == 0
    assert await sound(ctx)


async def test_whoever_pays_when_the_goods_are_there_gets_them_at_once(ctx: Context) -> None:
    store, variant = await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 9)
    late, early = await order(ctx, variant, store, 2), await order(ctx, variant, store)
    await moved(as_system(ctx), variant, store, OUTSIDE, AVAILABLE)
    level = await StockLevel.get(variant_id=variant.id)
    assert level.available == 3  # an unpaid promise keeps nothing back
    for placed in (late, early):
        await pay(ctx, placed)
        assert (await part_of(placed)).awaits_until is None
    level = await StockLevel.get(variant_id=variant.id)
    assert (level.available, level.committed, await promised(variant)) == (0, 3, 0)
    assert await sound(ctx)


async def test_who_takes_what_a_hold_kept_leaves_the_rest_to_the_promises(ctx: Context) -> None:
    store, variant = await a_store(ctx), await a_variant(ctx)
    await a_level(ctx, 3, variant=variant, location=store)
    await order(ctx, variant, store, 3)
    await allow(ctx, variant, 2)
    await paid(ctx, variant, store, 2)
    after = later(ctx, minutes=60)
    await order(after, variant, store)
    level = await StockLevel.get(variant_id=variant.id)
    assert (level.available, level.held, level.committed) == (0, 1, 2)
    assert await backorder_allocation.fill_due(as_system(after)) == 0
    assert await sound(after)


async def test_at_another_place_and_below_the_safety_stock_nothing_is_filled(ctx: Context) -> None:
    system, store, variant = as_system(ctx), await a_store(ctx), await a_variant(ctx)
    other = await a_store(ctx, metres=90_000)
    await a_level(ctx, 0, variant=variant, location=store, safety_stock=2)
    await allow(ctx, variant, 9)
    placed = await paid(ctx, variant, store, 2)
    await moved(system, variant, other, OUTSIDE, AVAILABLE)
    await moved(system, variant, store, OUTSIDE, AVAILABLE, 2)
    assert ((await part_of(placed)).awaits_until is not None, await promised(variant)) == (True, 2)
    await moved(system, variant, store, OUTSIDE, AVAILABLE, 1)
    level = await StockLevel.get(variant_id=variant.id, location_id=store.id)
    assert (level.available, level.committed, await promised(variant)) == (2, 1, 1)
    assert await sound(ctx)


async def test_many_promises_take_no_more_statements(ctx: Context) -> None:
    system, store, variant = as_system(ctx), await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 20)
    await a_level(ctx, 0, variant=variant, location=store)
    taken = []
    for orders in (1, 8):
        for _ in range(orders):
            await paid(ctx, variant, store)
        with counting() as statements:
            await moved(system, variant, store, OUTSIDE, AVAILABLE, orders)
        taken.append(len(statements))
        assert await promised(variant) == 0
    assert taken[0] == taken[1]


async def test_nobody_can_buy_what_was_promised_before(ctx: Context) -> None:
    system, store, variant = as_system(ctx), await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 4)
    waiting = [await paid(ctx, variant, store) for _ in range(4)]
    answers = await asyncio.gather(
        *(moved(system, variant, store, OUTSIDE, AVAILABLE, 1) for _ in range(4)),
        *(order(ctx, variant, store) for _ in range(8)),
        return_exceptions=True,
    )
    failed = [each for each in answers if isinstance(each, BaseException)]
    assert all(isinstance(each, Refusals) for each in failed), failed
    # Promised pieces go to those who wait; whoever comes late is at most promised what is owed no more.
    for each in waiting:
        assert (await part_of(each)).awaits_until is None
    level = await StockLevel.get(variant_id=variant.id)
    assert (level.available, level.held, level.committed) == (0, 0, 4)
    assert await backorder_allocation.fill_due(system) == 0
    assert await sound(ctx)


async def test_goods_of_one_parcel_that_come_at_once_leave_it_waiting_for_nothing(
    ctx: Context,
) -> None:
    system, store = as_system(ctx), await a_store(ctx)
    variants = [await a_variant(ctx) for _ in range(3)]
    for variant in variants:
        await allow(ctx, variant, 9)
    draft = checkout([line(variant) for variant in variants], choice(PICKUP, store))
    for _ in range(3):
        placed = await pay(ctx, await placing.place(await a_guest(ctx), draft, a_key()))
        assert (await part_of(placed)).awaits_until
        await asyncio.gather(
            *(moved(system, variant, store, OUTSIDE, AVAILABLE, 1) for variant in variants)
        )
        assert (await part_of(placed)).awaits_until is None
    told = OutboxEvent.filter(topic="fulfilment.changed", node_type="Fulfilment")
    assert await told.count() == 3
    assert await sound(ctx)


async def test_paying_and_arriving_at_once_nobody_is_left_waiting_beside_goods(
    ctx: Context,
) -> None:
    system, store, variant = as_system(ctx), await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 20)
    unpaid = [await order(ctx, variant, store, 2) for _ in range(6)]
    given_up = [await paid(ctx, variant, store) for _ in range(2)]
    answers = await asyncio.gather(
        *(pay(ctx, each) for each in unpaid),
        *(moved(system, variant, store, OUTSIDE, AVAILABLE, 2) for _ in range(4)),
        *(cancelling.cancel(system, each.id, "No longer wanted.") for each in given_up),
        return_exceptions=True,
    )
    assert [each for each in answers if isinstance(each, BaseException)] == []
    level = await StockLevel.get(variant_id=variant.id)
    assert (level.available, level.held, level.committed) == (0, 0, 8)
    assert await promised(variant) == 4
    waiting = Fulfilment.filter(awaits_until__isnull=False, status="OPEN")
    assert await waiting.count() == 2
    assert await Order.filter(status="PAID").count() == 6
    assert await backorder_allocation.fill_due(system) == 0
    assert await sound(ctx)
