"""A customer has one open cart, on whatever device; a guide may name whose it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from models.accounts.roles import Role
from models.bounds import ORDER_LINES
from models.catalog.products import Variant
from models.database import fetch, transaction
from models.errors import (
    Expired,
    InvalidInput,
    LimitExceeded,
    NotFound,
    PermissionDenied,
    StateConflict,
)
from models.members.cards import MemberCard
from models.members.members import Member
from models.orders.carts import Cart, CartStatus
from models.orders.rules import MAXIMUM_QUANTITY
from models.stores.locations import Location
from resolvers.context import Actor, Context
from resolvers.members import codes
from resolvers.members.customers import CustomerDraft
from resolvers.orders import orders
from resolvers.orders.cart import carts
from resolvers.orders.cart import customers as cart_customers
from resolvers.orders.cart import merging as cart_merging
from resolvers.orders.cart.lines import quantities
from resolvers.orders.checkout import placing
from tests.make.checkouts import PICKUP, a_guide, a_member, a_store, checkout, choice, line
from tests.make.members import as_staff, staff
from tests.make.sales import a_guest, a_key
from tests.make.stock import a_level, a_variant


@pytest.fixture
async def store(ctx: Context) -> Location:
    return await a_store(ctx)


@pytest.fixture
async def guide(ctx: Context, store: Location) -> Context:
    return await a_guide(ctx, store)


@pytest.fixture
async def milk(ctx: Context) -> Variant:
    return await a_variant(ctx)


async def open_of(ctx: Context) -> list[int]:
    owner = {"member_id": ctx.member_id, "guest_id": ctx.guest_id}
    found = await Cart.filter(status=CartStatus.OPEN, **owner).order_by("id")
    return [each.id for each in found]


async def test_the_second_device_finds_the_cart_of_the_first(ctx: Context, milk: Variant) -> None:
    for customer in (await a_member(ctx), await a_guest(ctx)):
        phone, computer = customer, replace(customer, memory={})
        assert await carts.own(computer) is None
        cart = await carts.create(phone, [line(milk, 2)])
        assert await carts.own(computer) == cart
        again = await carts.create(computer, [line(milk, 1)])
        assert (again.id, again.version) == (cart.id, 2)
        assert await quantities(cart.id) == {milk.id: 3}
        unchanged = await carts.create(computer)
        assert (unchanged.id, unchanged.version) == (cart.id, 2)
        assert await open_of(customer) == [cart.id]


async def test_devices_that_begin_at_once_get_one(ctx: Context, milk: Variant) -> None:
    for customer in (await a_member(ctx), await a_guest(ctx)):
        found = await asyncio.gather(*(carts.create(customer, [line(milk)]) for _ in range(8)))
        assert len({each.id for each in found}) == 1
        assert await quantities(found[0].id) == {milk.id: 8}
        assert await open_of(customer) == [found[0].id]


async def test_claims_and_beginnings_at_once_leave_one(
    ctx: Context, guide: Context, milk: Variant
) -> None:
    she = await a_member(ctx)
    shown = [await carts.create(guide, [line(milk)]) for _ in range(3)]
    answers = await asyncio.gather(
        *(cart_merging.claim(she, each.token) for each in shown),
        *(carts.create(she, [line(milk)]) for _ in range(3)),
        return_exceptions=True,
    )
    wrong = [each for each in answers if not isinstance(each, Cart | StateConflict)]
    assert wrong == []
    (only,) = await open_of(she)
    assert await quantities(only) == {milk.id: sum(isinstance(each, Cart) for each in answers)}


async def test_somebody_elses_cart_is_not_found(
    ctx: Context, guide: Context, milk: Variant
) -> None:
    await carts.create(await a_member(ctx), [line(milk)])
    await carts.create(guide, [line(milk)])
    for other in (await a_member(ctx), await a_guest(ctx), guide, replace(ctx, actor=Actor())):
        assert await carts.own(other) is None
    assert await Cart.filter(guide_id=guide.staff_id).count() == 1
    await carts.create(guide)
    assert await Cart.filter(guide_id=guide.staff_id).count() == 2  # one for each customer


async def test_an_ordered_cart_says_so_and_the_next_is_a_new_one(
    ctx: Context, store: Location
) -> None:
    she, level = await a_member(ctx), await a_level(ctx, 5, location=store)
    cart = await carts.create(she, [line(level.variant_id)])
    draft = checkout([], choice(PICKUP, store), cart_id=cart.id)
    order = await placing.place(she, draft, a_key())
    assert await carts.own(she) is None
    ordered = await carts.get(she, cart.id, None)
    assert ordered is not None
    assert ordered.status is CartStatus.ORDERED
    assert (await orders.of_carts(she, [cart.id]))[cart.id].id == order.id
    assert await orders.of_carts(await a_member(ctx), [cart.id]) == {}
    new = await carts.create(she)
    assert new.id != cart.id
    assert await quantities(new.id) == {}


async def test_a_guest_who_signs_in_has_one_cart_with_all_that_fits(
    ctx: Context, milk: Variant
) -> None:
    guest, she = await a_guest(ctx), await a_member(ctx)
    more = [await a_variant(ctx) for _ in range(ORDER_LINES)]
    hers = await carts.create(she, [line(milk, MAXIMUM_QUANTITY - 1), line(more[0])])
    kept = await carts.create(guest, [line(milk, 5), *(line(each) for each in more[1:])])
    person = await Member.get(id=she.member_id)
    await transaction(cart_merging.transfer_to_member, guest, guest.guest_id, person)
    assert await open_of(guest) == []
    (only,) = await open_of(she)
    assert only == kept.id  # the one used last
    found = await quantities(only)
    assert (len(found), found[milk.id]) == (ORDER_LINES, MAXIMUM_QUANTITY)
    assert more[0].id not in found
    followed = await carts.get(she, hers.id, None)
    assert followed is not None
    assert followed.id == only


async def test_a_guests_cart_goes_to_a_member_without_one(ctx: Context, milk: Variant) -> None:
    guest, she = await a_guest(ctx), await a_member(ctx)
    cart = await carts.create(guest, [line(milk, 2)])
    await transaction(
        cart_merging.transfer_to_member, guest, guest.guest_id, await Member.get(id=she.member_id)
    )
    assert await carts.own(guest) is None
    own = await carts.own(she)
    assert own is not None
    assert (own.id, own.version) == (cart.id, cart.version)


async def draft_of(ctx: Context, she: Context, way: str) -> CustomerDraft:
    if way == "memberCode":
        return CustomerDraft(member_code=(await codes.create(she)).code)
    if way == "cardNumber":
        return CustomerDraft(
            card_number=(await MemberCard.filter(member_id=she.member_id))[0].number
        )
    phone = (await Member.get(id=she.member_id)).phone
    return CustomerDraft(phone=phone)


@pytest.mark.parametrize("way", ["memberCode", "cardNumber"])
async def test_a_guide_names_the_customer(
    ctx: Context, guide: Context, milk: Variant, way: str
) -> None:
    she, tea = await a_member(ctx), await a_variant(ctx)
    own = await carts.create(she, [line(tea)])
    cart = await carts.create(guide, [line(milk)])
    named = await cart_customers.set_customer(guide, cart.id, await draft_of(ctx, she, way))
    assert (named.id, named.member_id, named.guide_id) == (
        cart.id,
        she.member_id,
        guide.staff_id,
    )
    assert await quantities(cart.id) == {milk.id: 1, tea.id: 1}
    assert (await Cart.get(id=own.id)).merged_into_id == cart.id
    assert await carts.own(she) == named
    off = await cart_customers.set_customer(guide, cart.id, None)
    assert (off.member_id, off.version) == (None, named.version + 1)
    assert (await cart_customers.set_customer(guide, cart.id, None)).version == off.version
    assert await carts.own(she) is None


async def test_a_phone_alone_does_not_open_the_customers_own_cart(
    ctx: Context, guide: Context, milk: Variant
) -> None:
    she, tea = await a_member(ctx), await a_variant(ctx)
    own = await carts.create(she, [line(tea)])
    cart = await carts.create(guide, [line(milk)])
    with pytest.raises(StateConflict) as refused:
        await cart_customers.set_customer(guide, cart.id, await draft_of(ctx, she, "phone"))
    assert refused.value.path == ("customer", "phone")
    assert await carts.own(she) == own
    assert await quantities(cart.id) == {milk.id: 1}
    await carts.update_lines(she, own.id, [line(tea, 0)])
    named = await cart_customers.set_customer(guide, cart.id, await draft_of(ctx, she, "phone"))
    assert (named.id, named.member_id) == (cart.id, she.member_id)
    assert await quantities(cart.id) == {milk.id: 1}


async def test_a_guide_names_by_id_only_whom_they_see(
    ctx: Context, guide: Context, milk: Variant
) -> None:
    she = await a_member(ctx)
    cart = await carts.create(guide, [line(milk)])
    draft = CustomerDraft(member_id=she.member_id)
    with pytest.raises(NotFound) as refused:
        await cart_customers.set_customer(guide, cart.id, draft)
    assert refused.value.path == ("customer", "memberId")
    await Member.filter(id=she.member_id).update(guide_id=guide.staff_id)
    named = await cart_customers.set_customer(replace(guide, memory={}), cart.id, draft)
    assert named.member_id == she.member_id


async def test_a_code_is_used_up_only_by_what_succeeds(
    ctx: Context, guide: Context, milk: Variant
) -> None:
    she = await a_member(ctx)
    await carts.create(she, [line(milk, MAXIMUM_QUANTITY)])
    cart = await carts.create(guide, [line(milk)])
    draft = CustomerDraft(member_code=(await codes.create(she)).code)
    with pytest.raises(LimitExceeded) as refused:
        await cart_customers.set_customer(guide, cart.id, draft)
    assert refused.value.path == ("customer",)
    await carts.update_lines(guide, cart.id, [line(milk, 0)])
    assert (await cart_customers.set_customer(guide, cart.id, draft)).member_id == she.member_id
    other = await carts.create(guide)
    with pytest.raises(Expired):
        await cart_customers.set_customer(guide, other.id, draft)


async def test_who_may_not_names_nobody(
    ctx: Context, guide: Context, store: Location, milk: Variant
) -> None:
    she = await a_member(ctx)
    cart = await carts.create(guide, [line(milk)])
    phone = CustomerDraft(phone=(await Member.get(id=she.member_id)).phone)
    picker = await as_staff(ctx, await staff(store.organisation_id, Role.PICKER))
    for stranger, refusal in (
        (await a_guide(ctx, store), NotFound),
        (picker, PermissionDenied),
        (she, PermissionDenied),
    ):
        with pytest.raises(refusal):
            await cart_customers.set_customer(stranger, cart.id, phone)
    for wrong, path in (
        (CustomerDraft(), ("customer",)),
        (CustomerDraft(member_id=1, phone="1"), ("customer",)),
        (CustomerDraft(phone="12"), ("customer", "phone")),
        (CustomerDraft(card_number="12"), ("customer", "cardNumber")),
    ):
        with pytest.raises((InvalidInput, NotFound)) as refused:
            await cart_customers.set_customer(guide, cart.id, wrong)
        assert refused.value.path == path  # type: ignore[attr-defined]
    unknown = CustomerDraft(phone="13999999999")
    with pytest.raises(NotFound):
        await cart_customers.set_customer(guide, cart.id, unknown)
    assert (await Cart.get(id=cart.id)).member_id is None


async def test_the_database_itself_refuses_a_second_open_cart(ctx: Context) -> None:
    she = await a_member(ctx)
    cart = await carts.create(she)
    rows = await transaction(
        fetch,
        "INSERT INTO cart (created_at, updated_at, merchant_id, token, status, channel, member_id,"
        " version) SELECT created_at, updated_at, merchant_id, 'another', status, channel, member_id,"
        " 1 FROM cart WHERE id = ? ON CONFLICT DO NOTHING RETURNING id",
        cart.id,
    )
    assert rows == []
