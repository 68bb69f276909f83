"""What is sold before it is there: only within its limit, owed exactly, and given out oldest first."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from models.catalog.products import Variant
from models.database import transaction
from models.errors import InsufficientStock, PermissionDenied, Refusals, StateConflict
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.orders.states import OrderStatus
from models.stock.backorders import BackorderAllocation
from models.stock.levels import StockLevel
from models.stores.locations import Location
from resolvers.bulk_rows import OnError
from resolvers.context import Context
from resolvers.orders import acceptance_timeout, cancelling, pickups
from resolvers.orders.checkout import placing
from resolvers.orders.fulfilment import fulfilments
from resolvers.orders.fulfilment import steps as fulfilment_steps
from resolvers.orders.payment.settlement import Outcome
from resolvers.stock.allocation import backorder_allocation, backorders
from resolvers.stock.allocation.backorder_limits import BackorderDraft, set_backorders
from tests.make.backorders import allow, as_system, order, paid, part_of, pay, promised, sound
from tests.make.checkouts import (
    CARRY_OUT,
    DELIVERY,
    EXPRESS,
    PICKUP,
    a_store,
    checkout,
    choice,
    line,
)
from tests.make.sales import a_guest, a_key, a_payment, later, settled, staff_of
from tests.make.stock import a_level, a_variant, again, receive


async def arrive(ctx: Context, variant: Variant, store: Location, pieces: int) -> None:
    await transaction(receive, ctx, (variant.id, store.id), pieces)


async def test_off_unless_switched_on_and_never_at_a_counter(ctx: Context) -> None:
    store, variant = await a_store(ctx), await a_variant(ctx)
    await a_level(ctx, 0, variant=variant, location=store)
    for method in (PICKUP, DELIVERY, EXPRESS):
        with pytest.raises(Refusals) as refused:
            await order(ctx, variant, store, method=method)
        assert isinstance(refused.value.refusals[0], InsufficientStock)
    await allow(ctx, variant, 2)
    with pytest.raises(Refusals):
        await order(ctx, variant, store, method=CARRY_OUT)
    with pytest.raises(Refusals):
        await order(ctx, variant, store, 3)
    with pytest.raises(Refusals):
        await order(later(ctx, days=11), variant, store)
    assert not await Order.exists()
    manager = await staff_of(ctx, store.id)
    with pytest.raises(PermissionDenied):
        await set_backorders(
            manager,
            [BackorderDraft(sku=variant.sku, limit=0, expected_on=None)],
            OnError.REJECT_ALL,
        )
    assert (await backorders.offers(ctx, [variant.id]))[variant.id].remaining == 2


@pytest.mark.parametrize("method", [PICKUP, DELIVERY, EXPRESS])
async def test_what_is_there_is_held_and_what_is_not_is_promised(ctx: Context, method) -> None:  # type: ignore[no-untyped-def]
    store, variant = await a_store(ctx), await a_variant(ctx)
    there = await a_level(ctx, 5, location=store)
    await allow(ctx, variant, 4)
    draft = checkout(
        [line(there.variant_id, 2), line(variant, 3)],
        choice(method, store if method.in_person else None),
    )
    placed = await placing.place(await a_guest(ctx), draft, a_key())
    part = await part_of(placed)
    assert part.location_id == store.id
    assert part.awaits_until == backorders.today(ctx) + timedelta(days=9)
    assert ((await again(there)).held, await promised(variant)) == (2, 3)
    assert (part.routing is None) == method.in_person
    await pay(ctx, placed)
    assert await sound(ctx)
    manager = await staff_of(ctx, store.id)
    part, rejects = await part_of(placed), [] if method.in_person else ["REJECT"]
    assert (await fulfilments.actions(manager, [part]))[part.id] == ["ACCEPT", *rejects, "CANCEL"]
    await fulfilment_steps.accept(manager, part.id)
    with pytest.raises(StateConflict):
        await fulfilment_steps.ready(manager, part.id)
    assert await pickups.expire_pickups(as_system(later(ctx, days=60))) == 0
    await arrive(ctx, variant, store, 3)
    assert await backorder_allocation.fill_due(as_system(ctx)) == 1
    assert (await part_of(placed)).awaits_until is None
    assert (await fulfilment_steps.ready(manager, part.id)).status == "READY"
    level = await StockLevel.get(variant_id=variant.id, location_id=store.id)
    assert (level.available, level.committed, await promised(variant)) == (0, 3, 0)
    assert await sound(ctx)


async def test_twenty_at_once_are_promised_five_exactly(ctx: Context) -> None:
    store, variant = await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 5)
    draft = checkout([line(variant)], choice(PICKUP, store))
    guests = [await a_guest(ctx) for _ in range(20)]
    answers = await asyncio.gather(
        *(placing.place(guest, draft, a_key()) for guest in guests), return_exceptions=True
    )
    placed = [each for each in answers if isinstance(each, Order)]
    refused = [each for each in answers if isinstance(each, Refusals)]
    assert (len(placed), len(refused)) == (5, 15)
    assert all(isinstance(each.refusals[0], InsufficientStock) for each in refused)
    assert (await promised(variant), await BackorderAllocation.all().count()) == (5, 5)
    assert await sound(ctx)


async def test_what_is_given_up_may_be_promised_again(ctx: Context) -> None:
    store, variant = await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 2)
    first, second = await order(ctx, variant, store), await order(ctx, variant, store)
    charges = [
        await a_payment(
            replace(ctx, actor=replace((await a_guest(ctx)).actor, id=each.guest_id)), each
        )
        for each in (first, second)
    ]
    after = later(ctx, minutes=60)
    assert await cancelling.expire_due(as_system(after)) == 2
    assert await promised(variant) == 0
    await order(after, variant, store)
    # One late payment finds room, the other does not and goes back.
    assert await settled(after, charges[0]) is Outcome.PAID
    assert await settled(after, charges[1]) is Outcome.REFUNDED
    assert await promised(variant) == 2
    cancelled = await cancelling.cancel(as_system(after), first.id, "Changed their mind.")
    assert cancelled.status is OrderStatus.CANCELLED
    assert await promised(variant) == 1
    assert await sound(ctx)
    await arrive(ctx, variant, store, 2)
    assert await backorder_allocation.fill_due(as_system(after)) == 0  # nobody has paid


async def test_the_oldest_are_filled_first_and_in_part(ctx: Context) -> None:
    store, variant = await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 9)
    unpaid = await order(ctx, variant, store)
    old, new = await paid(ctx, variant, store, 3), await paid(ctx, variant, store, 2)
    worker = as_system(ctx)
    await arrive(ctx, variant, store, 2)
    await StockLevel.filter(variant_id=variant.id).update(safety_stock=1)
    assert await backorder_allocation.fill_due(worker) == 1
    assert [each.filled for each in await BackorderAllocation.all().order_by("id")] == [0, 1, 0]
    await arrive(ctx, variant, store, 3)
    # Several workers at once, and again: everything once.
    counts = await asyncio.gather(*(backorder_allocation.fill_due(worker) for _ in range(6)))
    assert sum(counts) + await backorder_allocation.fill_due(worker) == 2
    assert [each.filled for each in await BackorderAllocation.all().order_by("id")] == [0, 3, 1]
    assert ((await part_of(old)).awaits_until, bool((await part_of(new)).awaits_until)) == (
        None,
        True,
    )
    assert (await promised(variant), bool((await part_of(unpaid)).awaits_until)) == (2, True)
    level = await StockLevel.get(variant_id=variant.id)
    assert (level.available, level.committed) == (1, 4)
    assert await sound(ctx)
    # Cancelled in part filled: what came is on sale again, and the rest is owed no more.
    await cancelling.cancel(worker, new.id, "No longer wanted.")
    assert ((await again(level)).available, await promised(variant)) == (2, 1)
    assert await sound(ctx)


async def test_killed_while_filling_nothing_has_happened(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, variant = await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 1)
    placed = await paid(ctx, variant, store)
    await arrive(ctx, variant, store, 1)

    async def die(*_: object) -> None:
        raise SystemError

    with monkeypatch.context() as patched:
        patched.setattr(backorder_allocation, "announce_changed", die)
        with pytest.raises(SystemError):
            await backorder_allocation.fill_due(as_system(ctx))
    level = await StockLevel.get(variant_id=variant.id)
    assert (level.available, level.committed, await promised(variant)) == (1, 0, 1)
    assert await backorder_allocation.fill_due(as_system(ctx)) == 1
    assert (await part_of(placed)).awaits_until is None
    assert await sound(ctx)


async def test_another_place_that_has_it_takes_a_delivery_over(ctx: Context) -> None:
    near, far, variant = await a_store(ctx), await a_store(ctx, metres=900), await a_variant(ctx)
    await allow(ctx, variant, 1)
    placed = await paid(ctx, variant, near, method=DELIVERY)
    assert (await part_of(placed)).location_id == near.id
    level = await a_level(ctx, 1, variant=variant, location=far)
    assert await acceptance_timeout.reroute_overdue(as_system(later(ctx, days=1))) == 1
    assert ((await again(level)).committed, await promised(variant)) == (1, 0)
    moved = await Fulfilment.filter(order_id=placed.id).order_by("-id").first()
    assert moved is not None
    assert (moved.location_id, moved.awaits_until) == (far.id, None)
    assert await sound(ctx)


async def test_buying_paying_cancelling_and_filling_at_once_stay_exact(ctx: Context) -> None:
    store, variant = await a_store(ctx), await a_variant(ctx)
    await allow(ctx, variant, 30)
    worker = as_system(ctx)
    waiting = [await paid(ctx, variant, store) for _ in range(6)]
    await arrive(ctx, variant, store, 4)
    unpaid = [await order(ctx, variant, store, 2) for _ in range(4)]
    answers = await asyncio.gather(
        *(paid(ctx, variant, store) for _ in range(6)),
        *(pay(ctx, each) for each in unpaid),
        *(backorder_allocation.fill_due(worker) for _ in range(4)),
        *(cancelling.cancel(worker, each.id, "No longer wanted.") for each in waiting[:2]),
        arrive(ctx, variant, store, 3),
        return_exceptions=True,
    )
    failed = [each for each in answers if isinstance(each, Exception)]
    assert all(isinstance(each, Refusals) for each in failed), failed
    while await backorder_allocation.fill_due(worker):
        pass
    level = await StockLevel.get(variant_id=variant.id)
    assert (level.available, level.held) == (0, 0)
    assert level.committed == 7
    assert await sound(ctx)
