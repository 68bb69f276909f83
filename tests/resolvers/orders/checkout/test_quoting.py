from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models.catalog.products import Product, ProductStatus, Variant
from models.errors import (
    InsufficientStock,
    InvalidInput,
    NotFound,
    OutOfRange,
    Refusal,
    Refusals,
    StateConflict,
)
from models.members.members import Member, Tier
from models.orders.orders import Order
from models.stores.locations import LocationKind
from resolvers.context import Context
from resolvers.orders.cart import carts
from resolvers.orders.checkout import placing, quoting
from resolvers.orders.checkout.request import CheckoutRequest
from resolvers.stores.addresses import AddressDraft, PointDraft
from tests.make.checkouts import (
    CARRY_OUT,
    DELIVERY,
    EXPRESS,
    PICKUP,
    a_guide,
    a_member,
    a_store,
    checkout,
    choice,
    line,
)
from tests.make.sales import a_guest, a_key, an_address
from tests.make.stock import a_level, a_location, a_variant

UNKNOWN = 2**40


async def refusals(
    ctx: Context, draft: CheckoutRequest
) -> list[tuple[type, tuple[str | int, ...]]]:
    """What the quote refuses; placing must refuse the same, and nothing may come of it."""
    quote = await quoting.quote(ctx, draft)
    try:
        await placing.place(ctx, draft, a_key())
    except Refusals as refused:
        placed = refused.refusals
    except Refusal as refusal:
        placed = (refusal,)
    else:
        placed = ()
    assert [str(each) for each in placed] == [str(each) for each in quote.refusals]
    assert not placed or not await Order.exists()
    return [(type(each), each.path) for each in quote.refusals]


@given(
    prices=st.lists(st.integers(0, 99_999), min_size=1, max_size=4),
    pieces=st.lists(st.integers(1, 30), min_size=4, max_size=4),
    percent=st.decimals(0, 100, places=2),
)
@hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_quote_and_the_order_agree_to_the_fen(
    ctx: Context, prices: list[int], pieces: list[int], percent: Decimal
) -> None:
    ctx = replace(ctx, settings=replace(ctx.settings, delivery_fee="6.00", express_fee="12.34"))
    store = await a_store(ctx)
    she = await a_member(ctx)
    tier_id = (await Member.get(id=she.member_id)).tier_id
    await Tier.filter(id=tier_id).update(discount_percent=str(percent))
    lines = []
    for price_minor, quantity in zip(prices, pieces, strict=False):
        level = await a_level(ctx, 50, location=store)
        await Variant.filter(id=level.variant_id).update(price_minor=price_minor)
        lines.append(line(level.variant_id, quantity))
    draft = checkout(lines, choice(DELIVERY, None, lines[:1]), choice(EXPRESS))
    if len(lines) == 1:
        draft = checkout(lines, choice(DELIVERY))
    found = await quoting.quote(she, draft)
    assert not found.refusals
    assert found.plan is not None
    pricing = found.plan.pricing
    order = await placing.place(she, draft, a_key())
    assert (order.goods_minor, order.discount_minor, order.delivery_minor, order.payable_minor) == (
        pricing.goods_minor,
        pricing.discount_minor,
        pricing.delivery_minor,
        pricing.payable_minor,
    )
    assert pricing.goods_minor == sum(p * q for p, q in zip(prices, pieces, strict=False))
    assert pricing.delivery_minor == (600 if len(lines) == 1 else 1834)


async def test_a_quote_says_what_it_can_though_it_cannot_be_placed(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 1, location=store)
    found = await quoting.quote(
        await a_guest(ctx), checkout([line(level.variant_id, 3)], choice(PICKUP, store))
    )
    (shortage,) = found.refusals
    assert isinstance(shortage, InsufficientStock)
    assert found.plan is not None
    assert found.plan.pricing.payable_minor == 3000


async def test_inputs_that_make_no_sense_are_named(ctx: Context) -> None:
    store, warehouse = await a_store(ctx), await a_location(ctx, kind=LocationKind.WAREHOUSE)
    closed = await a_store(ctx, active=False)
    no_pickup = await a_store(ctx, services=["DELIVERY"])
    level = await a_level(ctx, 9, location=store)
    archived = await a_variant(ctx)
    await Product.filter(id=archived.product_id).update(status=ProductStatus.ARCHIVED)
    guest = await a_guest(ctx)
    foreign = await carts.create(await a_guest(ctx), [line(level.variant_id)])
    empty = await carts.create(guest)
    milk, goods = level.variant_id, [line(level.variant_id, 2)]
    good = checkout(goods, choice(PICKUP, store))
    bare = replace(good, address=None, fulfilments=[choice(DELIVERY)])
    table = [
        (replace(good, points_to_spend=1), InvalidInput, ("pointsToSpend",)),
        (replace(good, wallet_amount=Decimal("0.01")), InvalidInput, ("walletAmount",)),
        (replace(good, coupon_codes=["X"]), InvalidInput, ("couponCodes",)),
        (replace(good, cart_id=1), InvalidInput, ("cartId",)),
        (replace(good, lines=None), InvalidInput, ("cartId",)),
        (replace(good, lines=[]), InvalidInput, ("lines",)),
        (replace(good, lines=goods * 101), InvalidInput, ("lines",)),
        (replace(good, lines=[line(milk, 0)]), InvalidInput, ("lines", 0, "quantity")),
        (replace(good, lines=[line(milk, -5)]), InvalidInput, ("lines", 0, "quantity")),
        (replace(good, lines=[line(milk, 2**31)]), InvalidInput, ("lines", 0, "quantity")),
        (replace(good, lines=[line(UNKNOWN)]), NotFound, ("lines", 0, "variantId")),
        (replace(good, lines=[line(archived)]), NotFound, ("lines", 0, "variantId")),
        (replace(good, lines=None, cart_id=foreign.id), NotFound, ("cartId",)),
        (replace(good, lines=None, cart_id=UNKNOWN), NotFound, ("cartId",)),
        (replace(good, lines=None, cart_id=empty.id), InvalidInput, ("cartId",)),
        (replace(good, remark="x" * 501), InvalidInput, ("remark",)),
        (replace(good, fulfilments=[]), InvalidInput, ("fulfilments",)),
        (replace(good, fulfilments=[choice(PICKUP, store)] * 21), InvalidInput, ("fulfilments",)),
        (checkout(goods, choice(PICKUP)), InvalidInput, ("fulfilments", 0, "storeId")),
        (checkout(goods, choice(CARRY_OUT)), InvalidInput, ("fulfilments", 0, "storeId")),
        (checkout(goods, choice(PICKUP, warehouse)), NotFound, ("fulfilments", 0, "storeId")),
        (checkout(goods, choice(PICKUP, closed)), InvalidInput, ("fulfilments", 0, "storeId")),
        (checkout(goods, choice(PICKUP, no_pickup)), InvalidInput, ("fulfilments", 0, "storeId")),
        (checkout(goods, choice(PICKUP, store, [line(milk)])), InvalidInput, ("fulfilments",)),
        (
            checkout(goods, choice(PICKUP, store, [line(milk, 3)])),
            InvalidInput,
            ("fulfilments", 0, "lines"),
        ),
        (
            checkout(goods, choice(PICKUP, store, [line(milk, -1)])),
            InvalidInput,
            ("fulfilments", 0, "lines", 0, "quantity"),
        ),
        (
            checkout(goods, choice(PICKUP, store), choice(DELIVERY)),
            InvalidInput,
            ("fulfilments", 1),
        ),
        (replace(bare, position=PointDraft(41.8, 123.4)), InvalidInput, ("address",)),
        (replace(bare, address=AddressDraft(street="X")), InvalidInput, ("position",)),
        (replace(good, position=PointDraft(91, 0)), InvalidInput, ("position", "latitude")),
        (
            replace(bare, address=an_address(latitude=float("nan"))),
            InvalidInput,
            ("address", "position", "latitude"),
        ),
        (replace(bare, address=an_address(latitude=10.0)), OutOfRange, ("fulfilments", 0)),
    ]
    await a_store(ctx, metres=0, delivery_radius_metres=50)
    await type(store).filter(id=store.id).update(delivery_radius_metres=3000)
    await type(no_pickup).filter(id=no_pickup.id).update(delivery_radius_metres=3000)
    for draft, kind, path in table:
        assert await refusals(guest, draft) == [(kind, path)], path
    assert await refusals(guest, good) == []


async def test_an_ordered_cart_cannot_be_quoted(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 9, location=store)
    guest = await a_guest(ctx)
    cart = await carts.create(guest, [line(level.variant_id)])
    draft = checkout([], choice(PICKUP, store), cart_id=cart.id)
    await placing.place(guest, draft, a_key())
    (refusal,) = (await quoting.quote(guest, draft)).refusals
    assert isinstance(refusal, StateConflict)
    assert refusal.state == "ORDERED"


async def test_one_parcel_beats_a_nearer_split_and_a_split_is_several_parcels(ctx: Context) -> None:
    near, far = await a_store(ctx, metres=100), await a_store(ctx, metres=9000)
    milk, tea = await a_variant(ctx), await a_variant(ctx)
    await a_level(ctx, 5, variant=milk, location=near)
    for variant in (milk, tea):
        await a_level(ctx, 2, variant=variant, location=far)
    guest = await a_guest(ctx)
    whole = await quoting.quote(guest, checkout([line(milk, 2), line(tea)], choice(DELIVERY)))
    assert whole.plan is not None
    assert [parcel.location_id for parcel in whole.plan.fulfilments] == [far.id]
    split = await quoting.quote(guest, checkout([line(milk, 5), line(tea)], choice(DELIVERY)))
    assert split.plan is not None
    assert [(p.location_id, dict(p.quantities)) for p in split.plan.fulfilments] == [
        (near.id, {milk.id: 5}),
        (far.id, {tea.id: 1}),
    ]
    assert split.plan.pricing.delivery_minor == whole.plan.pricing.delivery_minor


async def test_express_comes_from_anywhere_even_without_a_position(ctx: Context) -> None:
    warehouse = await a_location(ctx, kind=LocationKind.WAREHOUSE)
    level = await a_level(ctx, 4, location=warehouse)
    guest = await a_guest(ctx)
    here = checkout([line(level.variant_id)], choice(EXPRESS))
    for draft in (here, replace(here, address=AddressDraft(street="太原街1号"))):
        found = await quoting.quote(guest, draft)
        assert not found.refusals
        assert found.plan is not None
        assert [parcel.location_id for parcel in found.plan.fulfilments] == [warehouse.id]


async def test_staff_sell_from_their_own_store_alone(ctx: Context) -> None:
    own, other = await a_store(ctx), await a_store(ctx)
    level = await a_level(ctx, 4, location=own)
    await a_level(ctx, 4, variant=await Variant.get(id=level.variant_id), location=other)
    guide = await a_guide(ctx, own)
    goods = [line(level.variant_id)]
    assert await refusals(guide, checkout(goods, choice(CARRY_OUT, other))) == [
        (NotFound, ("fulfilments", 0, "storeId"))
    ]
    order = await placing.place(guide, checkout(goods, choice(CARRY_OUT, own)), a_key())
    assert (order.member_id, order.guest_id) == (None, None)
    assert (order.attribution_guide_id, order.attribution_store_id) == (guide.staff_id, own.id)


@pytest.mark.parametrize("method", [PICKUP, CARRY_OUT])
async def test_a_store_of_another_merchant_is_not_there(ctx: Context, method) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 4, location=store)
    await type(store).filter(id=store.id).update(merchant_id=(await _other_merchant(ctx)))
    draft = checkout([line(level.variant_id)], choice(method, store))
    assert await refusals(await a_guest(ctx), draft) == [(NotFound, ("fulfilments", 0, "storeId"))]


async def _other_merchant(ctx: Context) -> int:
    from models.accounts.organisations import Organisation, OrganisationKind
    from resolvers.accounts.organisations.organisations import OrganisationDraft, create_below

    platform = await Organisation.get(kind=OrganisationKind.PLATFORM)
    draft = OrganisationDraft(code="OTHER", name="Other", kind=OrganisationKind.MERCHANT)
    return (await create_below(platform, draft)).id
