from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from models.accounts.channels import Channel
from models.accounts.roles import Role
from models.bounds import ORDER_LINES
from models.catalog.products import Product, ProductStatus
from models.errors import (
    InvalidInput,
    LimitExceeded,
    NotFound,
    NotSignedIn,
    PermissionDenied,
    Refusals,
)
from models.orders.carts import Cart
from resolvers.context import Actor, Context
from resolvers.orders.cart import carts
from resolvers.orders.cart import lists as cart_lists
from resolvers.orders.cart.lines import lines_of, quantities
from tests.make.checkouts import a_guide, a_member, a_store, line
from tests.make.members import as_staff, staff
from tests.make.sales import a_guest
from tests.make.stock import a_variant


async def test_adding_adds_up_and_updating_sets(ctx: Context) -> None:
    guest = await a_guest(ctx)
    milk, tea = await a_variant(ctx), await a_variant(ctx)
    cart = await carts.create(guest, [line(milk, 2), line(milk, 1)])
    assert (cart.version, cart.guest_id, cart.guide_id) == (1, guest.guest_id, None)
    assert len(cart.token) >= 32
    cart = await carts.add_lines(guest, cart.id, [line(milk, 4), line(tea)])
    assert await quantities(cart.id) == {milk.id: 7, tea.id: 1}
    cart = await carts.update_lines(guest, cart.id, [line(milk, 0), line(tea, 5)])
    assert await quantities(cart.id) == {tea.id: 5}
    assert cart.version == 3


async def test_a_line_keeps_who_added_it_first_and_where(ctx: Context) -> None:
    guide = await a_guide(ctx, await a_store(ctx))
    milk = await a_variant(ctx)
    cart = await carts.create(guide, [line(milk)])
    await Cart.filter(id=cart.id).update(member_id=(member := await a_member(ctx)).member_id)
    await carts.add_lines(member, cart.id, [line(milk)])
    (only,) = (await lines_of(ctx, [cart.id]))[cart.id]
    assert (only.quantity, only.added_in, only.added_by_id) == (2, Channel.STORE, guide.staff_id)


async def test_changes_at_once_are_all_counted(ctx: Context) -> None:
    guest, milk = await a_guest(ctx), await a_variant(ctx)
    cart = await carts.create(guest)
    await asyncio.gather(*(carts.add_lines(guest, cart.id, [line(milk)]) for _ in range(12)))
    assert await quantities(cart.id) == {milk.id: 12}
    assert (await Cart.get(id=cart.id)).version == 13


@pytest.mark.parametrize("quantity", [-1, 0, 10_000, 2**31, 2**63])
async def test_a_quantity_is_a_sensible_number(ctx: Context, quantity: int) -> None:
    guest, milk = await a_guest(ctx), await a_variant(ctx)
    cart = await carts.create(guest, [line(milk)])
    with pytest.raises(InvalidInput) as refused:
        await carts.add_lines(guest, cart.id, [line(milk), line(milk, quantity)])
    assert refused.value.path == ("lines", 1, "quantity")
    assert await quantities(cart.id) == {milk.id: 1}


async def test_lines_and_pieces_are_bounded(ctx: Context) -> None:
    guest, milk = await a_guest(ctx), await a_variant(ctx)
    cart = await carts.create(guest, [line(milk, 9_999)])
    with pytest.raises(LimitExceeded) as refused:
        await carts.add_lines(guest, cart.id, [line(milk)])
    assert refused.value.path == ("lines", 0, "quantity")
    with pytest.raises(InvalidInput):
        await carts.add_lines(guest, cart.id, [line(milk)] * (ORDER_LINES + 1))
    more = [await a_variant(ctx) for _ in range(ORDER_LINES)]
    with pytest.raises(LimitExceeded):
        await carts.add_lines(guest, cart.id, [line(variant) for variant in more])
    await carts.add_lines(guest, cart.id, [line(variant) for variant in more[1:]])
    assert len(await quantities(cart.id)) == ORDER_LINES
    assert (await quantities(cart.id))[milk.id] == 9_999


async def test_only_what_is_on_sale_goes_in_and_anything_goes_out(ctx: Context) -> None:
    guest, milk, old = await a_guest(ctx), await a_variant(ctx), await a_variant(ctx)
    cart = await carts.create(guest, [line(old, 3)])
    await Product.filter(id=old.product_id).update(status=ProductStatus.ARCHIVED)
    with pytest.raises(Refusals) as refused:
        await carts.add_lines(guest, cart.id, [line(milk), line(old), line(2**40)])
    assert [(type(each), each.path) for each in refused.value.refusals] == [
        (NotFound, ("lines", 1, "variantId")),
        (NotFound, ("lines", 2, "variantId")),
    ]
    with pytest.raises(Refusals):
        await carts.update_lines(guest, cart.id, [line(old, 4)])
    assert await quantities(cart.id) == {old.id: 3}
    await carts.update_lines(guest, cart.id, [line(old, 2), line(2**40, 0)])
    assert await quantities(cart.id) == {old.id: 2}


async def test_setting_one_variant_twice_is_refused(ctx: Context) -> None:
    guest, milk = await a_guest(ctx), await a_variant(ctx)
    cart = await carts.create(guest)
    with pytest.raises(InvalidInput) as refused:
        await carts.update_lines(guest, cart.id, [line(milk, 1), line(milk, 2)])
    assert refused.value.path == ("lines", 1, "variantId")


async def test_a_cart_is_its_owners_and_its_guides_alone(ctx: Context) -> None:
    store = await a_store(ctx)
    guest, guide, milk = await a_guest(ctx), await a_guide(ctx, store), await a_variant(ctx)
    cart = await carts.create(guest)
    guided = await carts.create(guide)
    picker = await as_staff(ctx, await staff(store.organisation_id, Role.PICKER))
    strangers = [await a_guest(ctx), await a_member(ctx), await a_guide(ctx, store)]
    for stranger in strangers:
        for foreign in (cart, guided):
            with pytest.raises(NotFound):
                await carts.add_lines(stranger, foreign.id, [line(milk)])
            assert await carts.get(stranger, foreign.id, None) is None
            assert await cart_lists.by_ids(stranger, [foreign.id]) == {}
        # Nobody owns it yet, so its token shows it; the guest's is hers alone.
        assert await carts.get(stranger, None, guided.token) == guided
        assert await carts.get(stranger, None, cart.token) is None
    with pytest.raises(PermissionDenied):
        await carts.create(picker)
    with pytest.raises(NotSignedIn):
        await carts.create(replace(ctx, actor=Actor()))
    assert await quantities(cart.id) == await quantities(guided.id) == {}


async def test_a_cart_is_asked_for_by_id_or_by_token(ctx: Context) -> None:
    guest = await a_guest(ctx)
    cart = await carts.create(guest)
    assert await carts.get(guest, cart.id, None) == await carts.get(guest, None, cart.token) == cart
    for both_or_none in ((cart.id, cart.token), (None, None)):
        with pytest.raises(InvalidInput):
            await carts.get(guest, *both_or_none)
