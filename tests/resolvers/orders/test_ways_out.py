"""No paid part without a way out: whatever was done so far, what is offered works, and something is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models.accounts.organisations import Organisation
from models.accounts.roles import Role
from models.catalog.products import Variant
from models.database import transaction
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.orders.states import (
    GIVEN_UP,
    FulfilmentAction,
    FulfilmentMethod,
    FulfilmentStatus,
    OrderAction,
    OrderStatus,
)
from models.stock.states import StockState
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.orders import actions, cancelling, part_cancelling, pickups, rerouting
from resolvers.orders.checkout import placing
from resolvers.orders.fulfilment import fulfilments
from resolvers.orders.fulfilment import steps as fulfilment_steps
from resolvers.orders.fulfilment.steps import ShipmentDraft
from resolvers.orders.part_cancelling import ReturnDraft
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
from tests.make.sales import a_key, a_payment, later, parts_of, settled, staff_at, staff_of
from tests.make.soundness import contradictions
from tests.make.stock import a_level, a_variant

METHODS = (CARRY_OUT, PICKUP, DELIVERY, EXPRESS)
RUNNING = (OrderStatus.PAID, OrderStatus.PARTIALLY_FULFILLED)
HANDED_OVER = (FulfilmentStatus.SHIPPED, FulfilmentStatus.DONE)


class Undone(Exception):
    """What was tried has worked, and is taken back."""


@dataclass(frozen=True)
class Offer:
    """What somebody is offered: on a part, or on the order."""

    actor: Context
    action: str
    part: Fulfilment | None = None


@dataclass(frozen=True)
class Sale:
    order_id: int
    actors: list[Context]


async def a_sale(ctx: Context, methods: list[FulfilmentMethod], *, elsewhere: bool) -> Sale:
    """A paid order of a part in each way, all of it at one store, and those who have to do with it."""
    ctx = replace(ctx, settings=replace(ctx.settings, delivery_fee="6.00", express_fee="12.34"))
    store, she, variant = await a_store(ctx), await a_member(ctx), await a_variant(ctx)
    await Variant.filter(id=variant.id).update(price_minor=333)
    await a_level(ctx, len(methods), variant=variant, location=store)
    choices = [choice(each, store if each.in_person else None, [line(variant)]) for each in methods]
    draft = checkout([line(variant, len(methods))], *choices)
    order = await placing.place(she, draft, a_key())
    await settled(ctx, await a_payment(she, order))
    if elsewhere:
        await a_level(ctx, 9, variant=variant, location=await a_store(ctx, 500))
    merchant = await Organisation.get(id=ctx.merchant_id)
    at_store = [await staff_of(ctx, store.id, role) for role in (Role.MANAGER, Role.PICKER)]
    hq = staff_at(ctx, merchant.id, merchant.path, Role.ADMIN)
    return Sale(order.id, [she, *at_store, hq])


async def offers_of(sale: Sale) -> list[Offer]:
    order = await Order.get(id=sale.order_id)
    parts = await parts_of(order)
    found = []
    for actor in sale.actors:
        seen = await fulfilments.by_ids(actor, [each.id for each in parts])
        offered = await fulfilments.actions(actor, list(seen.values()))
        found += [
            Offer(actor, action, seen[row_id]) for row_id in offered for action in offered[row_id]
        ]
        found += [
            Offer(actor, each) for each in (await actions.of_orders(actor, [order]))[order.id]
        ]
    return found


async def take(sale: Sale, offer: Offer) -> None:
    ctx, part = offer.actor, offer.part
    if part is None:
        assert offer.action is OrderAction.CANCEL
        await cancelling.cancel(ctx, sale.order_id, "no")
        return
    match offer.action:
        case FulfilmentAction.ACCEPT:
            await fulfilment_steps.accept(ctx, part.id)
        case FulfilmentAction.REJECT:
            await rerouting.reject(ctx, part.id, "no")
        case FulfilmentAction.READY:
            await fulfilment_steps.ready(ctx, part.id)
        case FulfilmentAction.SHIP:
            await fulfilment_steps.ship(ctx, ShipmentDraft(part.id, "SF", "7"))
        case FulfilmentAction.COMPLETE if ctx.actor.is_customer:
            await fulfilment_steps.confirm(ctx, part.id)
        case FulfilmentAction.COMPLETE:
            await fulfilment_steps.complete(ctx, part.id)
        case FulfilmentAction.COLLECT:
            await pickups.collect(ctx, part.pickup_code or "", a_key())
        case FulfilmentAction.CANCEL:
            await part_cancelling.cancel(ctx, part.id, "no", a_key())
        case FulfilmentAction.RETURN:
            back: dict[str, Any] = {"location_id": part.location_id, "reason": "no"}
            draft = ReturnDraft(fulfilment_id=part.id, restock=StockState.DAMAGED, **back)
            await part_cancelling.take_back(ctx, draft, a_key())
        case other:
            raise AssertionError(other)


async def try_out(sale: Sale, offer: Offer) -> None:
    """Take an offer, and take it back: whatever it refuses fails the test."""

    async def work() -> None:
        await take(sale, offer)
        raise Undone

    with pytest.raises(Undone):
        await transaction(work)


async def check(ctx: Context, sale: Sale) -> list[Offer]:
    """Something is offered to somebody for every part that is not handed over, and all of it works."""
    offers = await offers_of(sale)
    order = await Order.get(id=sale.order_id)
    for part in await parts_of(order):
        if part.status not in (*HANDED_OVER, *GIVEN_UP):
            ways = {each.action for each in offers if each.part and each.part.id == part.id}
            assert FulfilmentAction.CANCEL in ways, part.status
        if part.status is FulfilmentStatus.SHIPPED:
            ways = {each.action for each in offers if each.part and each.part.id == part.id}
            assert FulfilmentAction.RETURN in ways
    assert offers or order.status not in RUNNING
    for offer in offers:
        await try_out(sale, offer)
    assert await contradictions(ctx) == []
    return offers


async def end(ctx: Context, sale: Sale) -> None:
    """Give up every part that is still on its way: the money of all that was not handed over goes back."""
    while giving := [
        each
        for each in await offers_of(sale)
        if each.part and each.action in (FulfilmentAction.CANCEL, FulfilmentAction.RETURN)
    ]:
        await take(sale, giving[0])
    order = await Order.get(id=sale.order_id)
    assert order.status not in RUNNING
    parts = await parts_of(order)
    kept = [each for each in parts if each.status is FulfilmentStatus.DONE]
    if not kept:
        assert order.status is OrderStatus.CANCELLED
        assert order.refunded_minor == order.payable_minor
    elif order.status is not OrderStatus.CANCELLED:
        kept_minor = sum(333 + each.fee_minor for each in kept)
        assert order.payable_minor - order.refunded_minor == kept_minor
    assert await contradictions(ctx) == []


@given(data=st.data())
@hypothesis_settings(
    max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], derandomize=True
)
async def test_every_offer_works_and_every_paid_part_has_a_way_out(
    ctx: Context, data: st.DataObject
) -> None:
    methods = data.draw(st.lists(st.sampled_from(METHODS), min_size=1, max_size=2, unique=True))
    sale = await a_sale(ctx, methods, elsewhere=data.draw(st.booleans()))
    for _ in range(data.draw(st.integers(0, 4))):
        offers = await check(ctx, sale)
        forward = [each for each in offers if each.part is not None]
        if not forward:
            break
        await take(sale, forward[data.draw(st.integers(0, len(forward) - 1))])
    await check(ctx, sale)
    await end(ctx, sale)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("steps", [0, 1, 2, 3])
async def test_a_store_that_closes_for_good_leaves_a_way_out(
    ctx: Context, method: FulfilmentMethod, steps: int
) -> None:
    sale = await a_sale(ctx, [method], elsewhere=False)
    onward = ("ACCEPT", "READY", "SHIP")
    for action in onward[:steps]:
        offers = [each for each in await offers_of(sale) if each.action == action]
        if offers:
            await take(sale, offers[0])
    (part,) = await parts_of(await Order.get(id=sale.order_id))
    await Location.filter(id=part.location_id).update(active=False)
    await check(ctx, sale)
    await end(ctx, sale)


async def test_a_pickup_whose_time_is_over_is_not_offered_for_collection(ctx: Context) -> None:
    sale = await a_sale(ctx, [PICKUP], elsewhere=False)
    for action in ("ACCEPT", "READY"):
        offers = [each for each in await offers_of(sale) if each.action == action]
        await take(sale, offers[0])
    assert "COLLECT" in {each.action for each in await offers_of(sale)}
    after = Sale(sale.order_id, [later(each, days=8) for each in sale.actors])
    assert "COLLECT" not in {each.action for each in await offers_of(after)}
    await check(ctx, after)
    await end(ctx, after)


async def test_what_one_may_not_do_is_not_offered(ctx: Context) -> None:
    sale = await a_sale(ctx, [DELIVERY], elsewhere=False)
    she, manager, picker, hq = sale.actors
    offered = {
        id(actor): {
            each.action for each in await offers_of(Sale(sale.order_id, [actor])) if each.part
        }
        for actor in sale.actors
    }
    assert offered[id(she)] == set()
    assert offered[id(picker)] == {"ACCEPT", "REJECT"}
    assert offered[id(manager)] == offered[id(hq)] == {"ACCEPT", "REJECT", "CANCEL"}
    stranger = await staff_of(ctx, (await a_store(ctx, 900)).id)
    assert await offers_of(Sale(sale.order_id, [stranger])) == []
