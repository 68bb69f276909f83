from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from models.errors import IdempotencyKeyReused, InsufficientStock, Refusals, StateConflict
from models.orders.carts import Cart, CartStatus
from models.orders.fulfilments import Fulfilment, FulfilmentLine
from models.orders.orders import Order, OrderEvent, OrderLine
from models.orders.states import FulfilmentMethod, FulfilmentStatus, OrderStatus
from models.outbox import OutboxEvent
from models.stock.levels import StockLevel
from resolvers.context import Context
from resolvers.orders.cart import carts
from resolvers.orders.checkout import batch_placement, placing, quoting
from resolvers.stock.allocation.hold_allocation import Granted, Want
from tests.make.checkouts import (
    CARRY_OUT,
    DELIVERY,
    EXPRESS,
    PICKUP,
    a_member,
    a_store,
    checkout,
    choice,
    line,
)
from tests.make.sales import a_guest, a_key, later
from tests.make.stock import a_level, a_variant, again


async def nothing_was_placed(*levels: StockLevel) -> bool:
    untouched = [(await again(level)).held == 0 for level in levels]
    return all(untouched) and not await Order.exists() and not await Fulfilment.exists()


async def test_an_order_is_written_whole_and_held(ctx: Context) -> None:
    here, near = await a_store(ctx), await a_store(ctx, metres=900)
    carried = await a_level(ctx, 5, location=here)
    brought = await a_level(ctx, 5, location=near)
    guest = await a_guest(ctx)
    draft = checkout(
        [line(carried.variant_id, 2), line(brought.variant_id, 3)],
        choice(CARRY_OUT, here, [line(carried.variant_id, 2)]),
        choice(DELIVERY),
    )
    order = await placing.place(guest, draft, a_key())
    assert (order.status, order.guest_id) == (OrderStatus.PENDING_PAYMENT, guest.guest_id)
    assert (order.goods_minor, order.payable_minor, order.paid_minor) == (5000, 5000, 0)
    assert order.hold_expires_at is not None
    assert order.address is not None
    assert order.address["position"]["latitude"] == 41.8
    lines = await OrderLine.filter(order_id=order.id).order_by("id")
    assert [(each.variant_id, each.quantity, each.total_minor) for each in lines] == [
        (carried.variant_id, 2, 2000),
        (brought.variant_id, 3, 3000),
    ]
    parts = await Fulfilment.filter(order_id=order.id).order_by("id")
    assert [(part.method, part.location_id, part.status) for part in parts] == [
        (CARRY_OUT, here.id, FulfilmentStatus.OPEN),
        (DELIVERY, near.id, FulfilmentStatus.OPEN),
    ]
    assert all(part.assigned_at is None for part in parts)
    assert parts[0].routing is None
    assert parts[1].routing is not None
    assert [pick["location_id"] for pick in parts[1].routing["picks"]] == [near.id]
    assert {each["location_id"] for each in parts[1].routing["candidates"]} == {here.id, near.id}
    sent = await FulfilmentLine.filter(fulfilment_id=parts[1].id)
    assert [(each.order_line_id, each.quantity) for each in sent] == [(lines[1].id, 3)]
    assert ((await again(carried)).held, (await again(brought)).held) == (2, 3)
    (event,) = await OrderEvent.filter(order_id=order.id)
    assert (event.from_status, event.to_status) == (None, "PENDING_PAYMENT")
    (told,) = await OutboxEvent.filter(topic="order.changed")
    assert (told.node_id, told.subject) == (order.id, guest.actor.key)


async def test_all_lines_are_held_or_none(ctx: Context) -> None:
    store = await a_store(ctx)
    plenty, short = await a_level(ctx, 9, location=store), await a_level(ctx, 1, location=store)
    draft = checkout([line(plenty.variant_id, 2), line(short.variant_id, 2)], choice(PICKUP, store))
    with pytest.raises(Refusals) as refused:
        await placing.place(await a_guest(ctx), draft, a_key())
    (shortage,) = refused.value.refusals
    assert isinstance(shortage, InsufficientStock)
    assert (shortage.variant_id, shortage.requested, shortage.available) == (
        short.variant_id,
        2,
        1,
    )
    assert shortage.path == ("fulfilments", 0)
    assert await nothing_was_placed(plenty, short)


async def test_duplicate_lines_are_one(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 3, location=store)
    twice = [line(level.variant_id, 2), line(level.variant_id, 2)]
    guest = await a_guest(ctx)
    with pytest.raises(Refusals):
        await placing.place(guest, checkout(twice, choice(PICKUP, store)), a_key())
    assert await nothing_was_placed(level)
    order = await placing.place(guest, checkout(twice[:1], choice(PICKUP, store)), a_key())
    (only,) = await OrderLine.filter(order_id=order.id)
    assert only.quantity == 2


async def test_two_ways_at_one_store_share_its_pieces(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 3, location=store)
    ways = [
        choice(CARRY_OUT, store, [line(level.variant_id, 2)]),
        choice(DELIVERY, None, [line(level.variant_id, 2)]),
    ]
    with pytest.raises(Refusals) as refused:
        await placing.place(
            await a_guest(ctx), checkout([line(level.variant_id, 4)], *ways), a_key()
        )
    (shortage,) = refused.value.refusals
    assert isinstance(shortage, InsufficientStock)
    assert (shortage.requested, shortage.available) == (2, 1)
    assert await nothing_was_placed(level)


async def test_the_counter_sells_below_the_safety_stock_and_nobody_else(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 3, location=store, safety_stock=2)
    guest = await a_guest(ctx)
    for online in (choice(PICKUP, store), choice(DELIVERY), choice(EXPRESS)):
        with pytest.raises(Refusals):
            await placing.place(guest, checkout([line(level.variant_id, 2)], online), a_key())
    assert await nothing_was_placed(level)
    await placing.place(
        guest, checkout([line(level.variant_id, 3)], choice(CARRY_OUT, store)), a_key()
    )
    assert (await again(level)).held == 3


async def test_an_expired_hold_is_there_for_the_next_at_once(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 1, location=store)
    draft = checkout([line(level.variant_id)], choice(PICKUP, store))
    await placing.place(await a_guest(ctx), draft, a_key())
    second = await a_guest(ctx)
    with pytest.raises(Refusals):
        await placing.place(later(second, minutes=14), draft, a_key())
    order = await placing.place(later(second, minutes=16), draft, a_key())
    assert order.status is OrderStatus.PENDING_PAYMENT
    assert ((await again(level)).held, (await again(level)).available) == (1, 0)


async def test_the_same_key_places_one_order_however_often_and_at_once(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 9, location=store)
    draft, guest, key = (
        checkout([line(level.variant_id)], choice(PICKUP, store)),
        await a_guest(ctx),
        a_key(),
    )
    orders = await asyncio.gather(*(placing.place(guest, draft, key) for _ in range(8)))
    assert len({order.id for order in orders}) == 1
    assert await Order.all().count() == 1
    assert (await again(level)).held == 1
    other = replace(draft, remark="Ring twice.")
    with pytest.raises(IdempotencyKeyReused):
        await placing.place(guest, other, key)


async def test_sixty_at_once_buy_twenty_pieces_exactly(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 20, location=store)
    draft = checkout([line(level.variant_id)], choice(PICKUP, store))
    guests = [await a_guest(ctx) for _ in range(60)]
    answers = await asyncio.gather(
        *(placing.place(guest, draft, a_key()) for guest in guests), return_exceptions=True
    )
    placed = [answer for answer in answers if isinstance(answer, Order)]
    refused = [answer for answer in answers if isinstance(answer, Refusals)]
    assert (len(placed), len(refused)) == (20, 40)
    assert all(isinstance(each.refusals[0], InsufficientStock) for each in refused)
    found = await again(level)
    assert (found.available, found.held) == (0, 20)
    assert await Order.all().count() == await Fulfilment.all().count() == 20


@pytest.mark.parametrize(("method", "tries"), [(DELIVERY, 2), (PICKUP, 1)])
async def test_only_what_is_routed_is_tried_again_when_it_went_meanwhile(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, method: FulfilmentMethod, tries: int
) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 1, location=store)
    calls = []

    async def sold_to_another(ctx: Context, wants: Sequence[Want]) -> Granted:
        calls.append(wants)
        return Granted([[InsufficientStock(level.variant_id, requested=1, available=0)]], {}, ())

    monkeypatch.setattr(batch_placement, "grant", sold_to_another)
    draft = checkout([line(level.variant_id)], choice(method, store if method.in_person else None))
    with pytest.raises(Refusals) as refused:
        await placing.place(await a_guest(ctx), draft, a_key())
    assert [type(each) for each in refused.value.refusals] == [InsufficientStock]
    assert len(calls) == tries
    assert await nothing_was_placed(level)


async def test_what_goes_at_the_nearest_is_sent_from_the_next_in_a_race(ctx: Context) -> None:
    near, far = await a_store(ctx, metres=100), await a_store(ctx, metres=5000)
    variant = await a_variant(ctx)
    for store in (near, far):
        await a_level(ctx, 6, variant=variant, location=store)
    draft = checkout([line(variant)], choice(DELIVERY))
    guests = [await a_guest(ctx) for _ in range(12)]
    await asyncio.gather(*(placing.place(guest, draft, a_key()) for guest in guests))
    sent_from = await Fulfilment.all().values_list("location_id", flat=True)
    assert sorted(sent_from) == sorted([near.id, far.id] * 6)


async def test_a_cart_is_ordered_once(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 9, location=store)
    member = await a_member(ctx)
    cart = await carts.create(member, [line(level.variant_id, 2)])
    draft = checkout([], choice(PICKUP, store), cart_id=cart.id)
    quote = await quoting.quote(member, draft)
    assert not quote.refusals
    answers = await asyncio.gather(
        *(placing.place(member, draft, a_key()) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(each, Order) for each in answers) == 1
    assert sum(isinstance(each, StateConflict) for each in answers) == 3
    assert (await Cart.get(id=cart.id)).status is CartStatus.ORDERED
    assert (await again(level)).held == 2
    with pytest.raises(StateConflict):
        await carts.add_lines(member, cart.id, [line(level.variant_id)])


async def test_an_order_that_costs_nothing_is_paid_when_placed(ctx: Context) -> None:
    store = await a_store(ctx)
    gift = await a_variant(ctx)
    gift.price_minor = 0
    await gift.save()
    level = await a_level(ctx, 2, variant=gift, location=store)
    draft = checkout([line(gift)], choice(PICKUP, store))
    order = await placing.place(await a_guest(ctx), draft, a_key())
    assert order.status is OrderStatus.PAID
    assert ((await again(level)).held, (await again(level)).committed) == (0, 1)
