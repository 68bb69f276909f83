from __future__ import annotations

import asyncio

import pytest

from models.accounts.sessions import Guest
from models.bounds import ORDER_LINES
from models.database import transaction
from models.errors import LimitExceeded, NotFound, StateConflict
from models.members.members import Member
from models.orders.carts import Cart, CartStatus
from models.orders.orders import Order
from resolvers.context import Context
from resolvers.orders import orders
from resolvers.orders.cart import carts
from resolvers.orders.cart import merging as cart_merging
from resolvers.orders.cart.lines import lines_of, quantities
from tests.make.checkouts import PICKUP, a_guide, a_member, a_store, checkout, choice, line
from tests.make.members import member
from tests.make.sales import a_guest, an_order
from tests.make.stock import a_level, a_variant


async def test_guide_and_customer_share_one_cart(ctx: Context) -> None:
    guide, she = await a_guide(ctx, await a_store(ctx)), await a_member(ctx)
    milk, tea = await a_variant(ctx), await a_variant(ctx)
    cart = await carts.create(guide, [line(milk, 2)])
    claimed = await cart_merging.claim(she, cart.token)
    assert (claimed.id, claimed.member_id, claimed.guide_id) == (
        cart.id,
        she.member_id,
        guide.staff_id,
    )
    await carts.add_lines(she, cart.id, [line(tea)])
    await carts.add_lines(guide, cart.id, [line(tea)])
    assert await quantities(cart.id) == {milk.id: 2, tea.id: 2}
    hers, guides = [await carts.get(each, cart.id, None) for each in (she, guide)]
    assert hers is not None
    assert guides is not None
    assert hers.version == guides.version == 4
    assert [each.added_by_id for each in (await lines_of(ctx, [cart.id]))[cart.id]] == [
        guide.staff_id,
        None,
    ]


async def test_claiming_again_changes_nothing(ctx: Context) -> None:
    guide, she = await a_guide(ctx, await a_store(ctx)), await a_member(ctx)
    cart = await carts.create(guide)
    first, again = [await cart_merging.claim(she, cart.token) for _ in range(2)]
    assert first.version == again.version == 2


async def test_her_own_cart_goes_into_the_scanned_one(ctx: Context) -> None:
    guide, she = await a_guide(ctx, await a_store(ctx)), await a_member(ctx)
    milk, tea = await a_variant(ctx), await a_variant(ctx)
    own = await carts.create(she, [line(milk, 1), line(tea, 5)])
    scanned = await carts.create(guide, [line(milk, 2)])
    await cart_merging.claim(she, scanned.token)
    assert await quantities(scanned.id) == {milk.id: 3, tea.id: 5}
    merged = await Cart.get(id=own.id)
    assert (merged.status, merged.merged_into_id) == (CartStatus.MERGED, scanned.id)
    # Her other devices follow, by ID and by token; nothing can be added to what is gone.
    for found in (await carts.get(she, own.id, None), await carts.get(she, None, own.token)):
        assert found is not None
        assert found.id == scanned.id
    with pytest.raises(StateConflict):
        await carts.add_lines(she, own.id, [line(milk)])


async def test_a_claimed_cart_is_nobody_elses(ctx: Context) -> None:
    store = await a_store(ctx)
    guide, she = await a_guide(ctx, store), await a_guest(ctx)
    cart = await carts.create(guide)
    await cart_merging.claim(she, cart.token)
    for stranger in (await a_guest(ctx), await a_member(ctx)):
        with pytest.raises(NotFound):
            await cart_merging.claim(stranger, cart.token)
        assert await carts.get(stranger, None, cart.token) is None
    found = await Cart.get(id=cart.id)
    assert (found.guest_id, found.member_id) == (she.guest_id, None)
    with pytest.raises(NotFound):
        await cart_merging.claim(she, "no such token")


async def test_of_two_who_scan_at_once_one_gets_it(ctx: Context) -> None:
    guide = await a_guide(ctx, await a_store(ctx))
    cart = await carts.create(guide)
    members = [await a_member(ctx) for _ in range(6)]
    answers = await asyncio.gather(
        *(cart_merging.claim(each, cart.token) for each in members), return_exceptions=True
    )
    assert sum(isinstance(each, Cart) for each in answers) == 1
    assert sum(isinstance(each, NotFound) for each in answers) == 5


async def test_a_member_takes_a_guests_cart_by_its_token_and_a_guest_does_not(ctx: Context) -> None:
    guest, milk = await a_guest(ctx), await a_variant(ctx)
    cart = await carts.create(guest, [line(milk)])
    with pytest.raises(NotFound):
        await cart_merging.claim(await a_guest(ctx), cart.token)
    she = await a_member(ctx)
    claimed = await cart_merging.claim(she, cart.token)
    assert (claimed.member_id, claimed.guest_id) == (she.member_id, None)
    assert await carts.get(guest, cart.id, None) is None


async def test_what_does_not_fit_into_one_cart_stays_apart(ctx: Context) -> None:
    guide, she = await a_guide(ctx, await a_store(ctx)), await a_member(ctx)
    variants = [await a_variant(ctx) for _ in range(ORDER_LINES + 1)]
    own = await carts.create(she, [line(each) for each in variants[1:]])
    scanned = await carts.create(guide, [line(variants[0])])
    with pytest.raises(LimitExceeded):
        await cart_merging.claim(she, scanned.token)
    assert (await Cart.get(id=scanned.id)).member_id is None
    assert len(await quantities(own.id)) == ORDER_LINES


async def test_a_guest_who_signs_in_brings_carts_and_orders(ctx: Context) -> None:
    guest, person = await a_guest(ctx), await member(ctx)
    she = await a_member(ctx)
    level = await a_level(ctx, 5, location=await a_store(ctx))
    order = await an_order(guest, level)
    milk = await a_variant(ctx)
    hers = await carts.create(guest, [line(milk, 2)])
    theirs = await an_order(she, level)
    await transaction(cart_merging.transfer_to_member, guest, guest.guest_id, person)
    moved = await Order.get(id=order.id)
    assert (moved.member_id, moved.guest_id) == (person.id, None)
    assert (await Cart.get(id=hers.id)).member_id == person.id
    assert await orders.by_ids(guest, [order.id]) == {}
    assert (await Order.get(id=theirs.id)).member_id == she.member_id
    assert (await Guest.get(id=guest.guest_id)).taken_over_at is not None


async def test_the_cart_a_tablet_shows_survives_the_sign_in(ctx: Context) -> None:
    guide, guest = await a_guide(ctx, await a_store(ctx)), await a_guest(ctx)
    milk = await a_variant(ctx)
    shown = await carts.create(guide, [line(milk, 2)])
    await cart_merging.claim(guest, shown.token)
    she = await a_member(ctx)
    before = await carts.create(she, [line(milk, 3)])
    person = await Member.get(id=she.member_id)
    await transaction(cart_merging.transfer_to_member, guest, guest.guest_id, person)
    assert await quantities(shown.id) == {milk.id: 5}
    found = await carts.get(she, before.id, None)
    assert found is not None
    assert (found.id, found.guide_id) == (shown.id, guide.staff_id)


async def test_an_ordered_cart_cannot_be_claimed(ctx: Context) -> None:
    from resolvers.orders.checkout import placing
    from tests.make.sales import a_key

    store = await a_store(ctx)
    level = await a_level(ctx, 5, location=store)
    guide = await a_guide(ctx, store)
    cart = await carts.create(guide, [line(level.variant_id)])
    draft = checkout([], choice(PICKUP, store), cart_id=cart.id)
    order = await placing.place(guide, draft, a_key())
    assert (order.attribution_guide_id, order.attribution_store_id) == (guide.staff_id, store.id)
    with pytest.raises(StateConflict):
        await cart_merging.claim(await a_member(ctx), cart.token)
