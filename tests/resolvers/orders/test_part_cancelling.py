"""A part that cannot reach its customer ends with its money; the others go on."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from models.accounts.roles import Role
from models.catalog.products import Variant
from models.errors import (
    IdempotencyKeyReused,
    InvalidInput,
    NotFound,
    PermissionDenied,
    StateConflict,
)
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order, OrderEvent, OrderLine
from models.orders.payments import Payment, Refund
from models.orders.states import FulfilmentStatus, OrderStatus
from models.stock.ledger import StockMovement
from models.stock.levels import StockLevel
from models.stock.states import MovementReason, StockState
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.orders import cancelling, part_cancelling, pickups, rerouting
from resolvers.orders.checkout import placing
from resolvers.orders.fulfilment import steps as fulfilment_steps
from resolvers.orders.fulfilment.steps import ShipmentDraft
from resolvers.orders.part_cancelling import ReturnDraft
from tests.make.checkouts import DELIVERY, PICKUP, a_member, a_store, checkout, choice, line
from tests.make.sales import a_key, a_payment, parts_of, settled, staff_of
from tests.make.soundness import contradictions
from tests.make.stock import a_level, a_variant, again


@pytest.fixture
async def costly(ctx: Context) -> Context:
    return replace(ctx, settings=replace(ctx.settings, delivery_fee="6.00"))


@pytest.fixture
async def store(ctx: Context) -> Location:
    return await a_store(ctx)


@pytest.fixture
async def manager(costly: Context, store: Location) -> Context:
    return await staff_of(costly, store.id)


@pytest.fixture
async def she(costly: Context) -> Context:
    return await a_member(costly)


@pytest.fixture
async def stuck(costly: Context, she: Context, store: Location) -> Order:
    """Paid 66.00: 10.00 to collect, 50.00 and the fee for what nobody else can bring."""
    there = await a_level(costly, 5, location=store)
    rare = await a_level(costly, 2, location=store)
    await Variant.filter(id=rare.variant_id).update(price_minor=5000)
    draft = checkout(
        [line(there.variant_id), line(rare.variant_id)],
        choice(PICKUP, store, [line(there.variant_id)]),
        choice(DELIVERY),
    )
    order = await placing.place(she, draft, a_key())
    await settled(costly, await a_payment(she, order))
    return await Order.get(id=order.id)


async def levels(store: Location) -> list[tuple[int, int]]:
    found = await StockLevel.filter(location_id=store.id).order_by("id")
    return [(each.available, each.committed) for each in found]


async def collected(manager: Context, part: Fulfilment) -> None:
    await fulfilment_steps.accept(manager, part.id)
    await fulfilment_steps.ready(manager, part.id)
    code = (await Fulfilment.get(id=part.id)).pickup_code
    await pickups.collect(manager, code or "", a_key())


async def shipped(manager: Context, part: Fulfilment) -> None:
    await fulfilment_steps.accept(manager, part.id)
    await fulfilment_steps.ready(manager, part.id)
    await fulfilment_steps.ship(manager, ShipmentDraft(part.id, "our own", "7"))


async def test_one_part_was_collected_and_nobody_can_bring_the_other(
    ctx: Context, manager: Context, store: Location, stuck: Order
) -> None:
    pickup, delivery = await parts_of(stuck)
    await collected(manager, pickup)
    await rerouting.reject(manager, delivery.id, "broken")
    ended = await part_cancelling.cancel(manager, delivery.id, "broken", a_key())
    assert (ended.status, ended.refunded_minor) == (FulfilmentStatus.CANCELLED, 5600)
    order = await Order.get(id=stuck.id)
    assert (order.status, order.paid_minor, order.refunded_minor) == (
        OrderStatus.COMPLETED,
        6600,
        5600,
    )
    assert await levels(store) == [(4, 0), (2, 0)]
    lines = await OrderLine.filter(order_id=order.id).order_by("id")
    assert [(each.fulfilled, each.returned) for each in lines] == [(1, 0), (0, 1)]
    notes = await OrderEvent.filter(order_id=order.id).values_list("note", flat=True)
    assert f"{delivery.number}: broken" in notes
    assert await contradictions(ctx) == []


async def test_what_is_left_can_still_be_collected_while_the_money_is_on_its_way(
    ctx: Context, manager: Context, stuck: Order
) -> None:
    pickup, delivery = await parts_of(stuck)
    await part_cancelling.cancel(manager, delivery.id, "broken", a_key())
    assert (await Refund.get()).status == "REQUESTED"
    assert (await Order.get(id=stuck.id)).status is OrderStatus.PAID
    await collected(manager, pickup)
    order = await Order.get(id=stuck.id)
    assert (order.status, order.refunded_minor) == (OrderStatus.COMPLETED, 5600)
    assert await contradictions(ctx) == []


async def test_a_pickup_that_the_store_cannot_serve(
    ctx: Context, manager: Context, store: Location, stuck: Order
) -> None:
    pickup, delivery = await parts_of(stuck)
    await fulfilment_steps.accept(manager, pickup.id)
    await fulfilment_steps.ready(manager, pickup.id)
    await part_cancelling.cancel(manager, pickup.id, "broken", a_key())
    assert (await Order.get(id=stuck.id)).refunded_minor == 1000
    code = (await Fulfilment.get(id=pickup.id)).pickup_code
    with pytest.raises(StateConflict):
        await pickups.collect(manager, code or "", a_key())
    await part_cancelling.cancel(manager, delivery.id, "broken", a_key())
    order = await Order.get(id=stuck.id)
    assert (order.status, order.refunded_minor) == (OrderStatus.CANCELLED, 6600)
    assert await levels(store) == [(5, 0), (2, 0)]
    assert await contradictions(ctx) == []


@pytest.mark.parametrize(
    ("restock", "column"),
    [
        (StockState.AVAILABLE, "available"),
        (StockState.DAMAGED, "damaged"),
        (StockState.QUARANTINED, "quarantined"),
        (StockState.OUTSIDE, None),
    ],
)
async def test_refused_at_the_door(
    ctx: Context, manager: Context, store: Location, stuck: Order, restock: StockState, column: str
) -> None:
    pickup, delivery = await parts_of(stuck)
    await shipped(manager, delivery)
    with pytest.raises(StateConflict):
        await part_cancelling.cancel(manager, delivery.id, "refused", a_key())
    back = ReturnDraft(
        fulfilment_id=delivery.id, location_id=store.id, restock=restock, reason="refused"
    )
    ended = await part_cancelling.take_back(manager, back, "back")
    assert (ended.status, ended.refunded_minor) == (FulfilmentStatus.RETURNED, 5600)
    assert (await part_cancelling.take_back(manager, back, "back")).id == delivery.id
    with pytest.raises(StateConflict):
        await part_cancelling.take_back(manager, back, a_key())
    _, rare = await StockLevel.filter(location_id=store.id).order_by("id")
    standing = {"available": 1, "damaged": 0, "quarantined": 0}
    if column:
        standing[column] += 1
    assert {name: getattr(rare, name) for name in standing} == standing
    came = StockMovement.filter(reason=MovementReason.RETURN, document_id=stuck.id)
    assert await came.count() == (1 if column else 0)
    assert (await Order.get(id=stuck.id)).refunded_minor == 5600
    assert (await Fulfilment.get(id=pickup.id)).status is FulfilmentStatus.OPEN
    assert await contradictions(ctx) == []


async def test_goods_come_back_where_none_of_them_ever_were(
    ctx: Context, costly: Context, manager: Context, stuck: Order
) -> None:
    _, delivery = await parts_of(stuck)
    await shipped(manager, delivery)
    elsewhere = await a_store(ctx, 900)
    draft = ReturnDraft(
        fulfilment_id=delivery.id,
        location_id=elsewhere.id,
        restock=StockState.AVAILABLE,
        reason="not found",
    )
    with pytest.raises(NotFound) as refused:  # the manager of the other store has no say here
        await part_cancelling.take_back(manager, draft, a_key())
    assert refused.value.path == ("locationId",)
    await part_cancelling.take_back(costly, draft, a_key())
    assert [each.available for each in await StockLevel.filter(location_id=elsewhere.id)] == [1]
    assert await contradictions(ctx) == []


async def test_a_store_that_closed_for_good_keeps_nobodys_money(
    ctx: Context, costly: Context, store: Location, stuck: Order
) -> None:
    await Location.filter(id=store.id).update(active=False)
    for part in await parts_of(stuck):
        await part_cancelling.cancel(costly, part.id, "closed", a_key())
    order = await Order.get(id=stuck.id)
    assert (order.status, order.refunded_minor) == (OrderStatus.CANCELLED, 6600)
    assert await contradictions(ctx) == []


async def test_only_who_may_cancel_there_calls_off(
    ctx: Context, costly: Context, she: Context, store: Location, stuck: Order
) -> None:
    part = (await parts_of(stuck))[1]
    other = await staff_of(ctx, (await a_store(ctx, 800)).id)
    for stranger, refusal in (
        (await staff_of(ctx, store.id, Role.PICKER), PermissionDenied),
        (await staff_of(ctx, store.id, Role.CASHIER), PermissionDenied),
        (she, PermissionDenied),
        (other, NotFound),
    ):
        with pytest.raises(refusal):
            await part_cancelling.cancel(stranger, part.id, "no", a_key())
    with pytest.raises(InvalidInput):
        await part_cancelling.cancel(costly, part.id, " ", a_key())
    assert not await Refund.exists()


async def test_a_key_calls_off_once(manager: Context, stuck: Order) -> None:
    pickup, delivery = await parts_of(stuck)
    for _ in range(2):
        assert (await part_cancelling.cancel(manager, delivery.id, "no", "key")).id == delivery.id
    with pytest.raises(IdempotencyKeyReused):
        await part_cancelling.cancel(manager, pickup.id, "no", "key")
    assert (await Order.get(id=stuck.id)).refunded_minor == 5600


async def test_at_once_it_is_called_off_once_or_handed_over(
    ctx: Context, costly: Context, manager: Context, stuck: Order
) -> None:
    pickup, delivery = await parts_of(stuck)
    await fulfilment_steps.accept(manager, pickup.id)
    await fulfilment_steps.ready(manager, pickup.id)
    code = (await Fulfilment.get(id=pickup.id)).pickup_code or ""
    answers = await asyncio.gather(
        *(part_cancelling.cancel(manager, pickup.id, "no", a_key()) for _ in range(3)),
        *(pickups.collect(manager, code, a_key()) for _ in range(3)),
        *(part_cancelling.cancel(manager, delivery.id, "no", a_key()) for _ in range(3)),
        cancelling.cancel(costly, stuck.id, "no"),
        return_exceptions=True,
    )
    wrong = [each for each in answers if isinstance(each, Exception)]
    assert all(isinstance(each, StateConflict) for each in wrong), wrong
    order, pickup = await Order.get(id=stuck.id), await Fulfilment.get(id=pickup.id)
    handed_over = pickup.status is FulfilmentStatus.DONE
    assert order.refunded_minor == (5600 if handed_over else 6600)
    assert order.status is (OrderStatus.COMPLETED if handed_over else OrderStatus.CANCELLED)
    assert sum([each.amount_minor for each in await Refund.all()]) == order.refunded_minor
    payment = await Payment.get()
    assert payment.refunded_minor == order.refunded_minor
    assert await contradictions(ctx) == []


async def test_parts_of_one_line_give_back_exactly_what_it_was_paid(
    ctx: Context, costly: Context, she: Context, store: Location
) -> None:
    """Three pieces for 10.00: each part its own fen, in whatever order they end."""
    variant = await a_variant(ctx)
    await a_level(ctx, 2, variant=variant, location=store)
    await a_level(ctx, 1, variant=variant, location=await a_store(ctx, 700))
    await Variant.filter(id=variant.id).update(price_minor=333)
    draft = checkout([line(variant, 3)], choice(DELIVERY))
    order = await placing.place(she, draft, a_key())
    await settled(costly, await a_payment(she, order))
    first, second = await parts_of(order)
    assert first.fee_minor + second.fee_minor == 600
    back = []
    for part in (second, first):
        ended = await part_cancelling.cancel(costly, part.id, "no", a_key())
        back.append(ended.refunded_minor)
    assert sum(each or 0 for each in back) == order.payable_minor == 1599
    assert (await Order.get(id=order.id)).refunded_minor == 1599
    assert await contradictions(ctx) == []


async def test_a_place_where_a_part_was_called_off_may_still_get_another(
    ctx: Context, costly: Context, store: Location, stuck: Order
) -> None:
    pickup, delivery = await parts_of(stuck)
    rare = (await StockLevel.filter(location_id=store.id).order_by("id"))[1]
    near = await a_store(ctx, 300)
    await a_level(ctx, 2, variant=await rare.variant, location=near)
    await part_cancelling.cancel(costly, pickup.id, "no", a_key())
    await rerouting.reject(costly, delivery.id, "no")
    moved = (await parts_of(stuck))[-1]
    assert moved.location_id == near.id
    assert (await again(rare)).committed == 0
    assert await contradictions(ctx) == []
