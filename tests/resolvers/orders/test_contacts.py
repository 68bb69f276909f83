"""Whose phone a search finds: no more than the caller may read."""

from __future__ import annotations

import pytest

from models.accounts.roles import Role
from models.database import execute
from models.members.members import Member
from models.members.rules import masked_name, masked_phone
from models.orders.contact_looks import ContactLook
from models.orders.states import FulfilmentMethod
from models.stock.levels import StockLevel
from resolvers.context import Context
from resolvers.orders import contacts, order_lists
from resolvers.orders.fulfilment import lists as fulfilment_lists
from resolvers.orders.fulfilment.lists import FulfilmentFilter
from resolvers.orders.order_lists import OrderFilter
from resolvers.orm_pagination import PageRequest
from tests.make.checkouts import a_member, a_store
from tests.make.sales import (
    a_guest,
    a_paid_order,
    an_address,
    an_order,
    staff_of,
)
from tests.make.stock import a_level

EVERY = PageRequest(first=100)


@pytest.fixture
async def level(ctx: Context) -> StockLevel:
    return await a_level(ctx, 20, location=await a_store(ctx))


async def found(staff: Context, digits: str) -> tuple[int, int]:
    """How many orders and fulfilments a search shows."""
    orders = await order_lists.page(staff, OrderFilter(search=digits), EVERY)
    fulfilments = await fulfilment_lists.page(staff, EVERY, FulfilmentFilter(search=digits))
    return len(orders.rows), len(fulfilments.rows)


async def test_a_search_by_phone_knows_no_more_than_the_caller(
    ctx: Context, level: StockLevel
) -> None:
    she = await a_member(ctx)
    member = await Member.get(id=she.member_id)
    assert member.phone is not None
    digits = member.phone[-4:]
    await an_order(she, level)  # not paid: nobody's work yet
    await a_paid_order(ctx, she, level)
    clerk, guide = [
        await staff_of(ctx, level.location_id, role) for role in (Role.CASHIER, Role.GUIDE)
    ]
    assert await found(clerk, digits) == (1, 1)
    assert await found(guide, digits) == (0, 0)
    assert len((await order_lists.page(she, OrderFilter(search=digits), EVERY)).rows) == 2
    assert await found(clerk, "0" * 4) == (0, 0)


async def test_a_search_finds_the_recipients_phone_for_who_may_read_it(
    ctx: Context, level: StockLevel
) -> None:
    she, guest = await a_member(ctx), await a_guest(ctx)
    for buyer in (she, guest):
        await a_paid_order(ctx, buyer, level, FulfilmentMethod.STORE_DELIVERY, address=an_address())
    manager, picker, guide = [
        await staff_of(ctx, level.location_id, role)
        for role in (Role.MANAGER, Role.PICKER, Role.GUIDE)
    ]
    for who in (manager, picker):
        assert await found(who, "1111") == (2, 2), who.actor
    assert await found(guide, "1111") == (0, 0)
    assert len((await order_lists.page(guest, OrderFilter(search="1111"), EVERY)).rows) == 1
    member = await Member.get(id=she.member_id)
    assert member.phone is not None
    # Whoever packs it reads the recipient's phone only, and does not learn the member's by searching.
    assert await found(picker, member.phone[-4:]) == (0, 0)
    await execute("UPDATE fulfilment SET status = 'DONE'")
    assert await found(picker, "1111") == (0, 0)


async def test_without_an_address_the_member_is_the_contact(
    ctx: Context, level: StockLevel
) -> None:
    she = await a_member(ctx)
    member = await Member.get(id=she.member_id)
    order = await a_paid_order(ctx, she, level)
    await type(order).filter(id=order.id).update(encrypted_address=None)
    await order.refresh_from_db()
    clerk, guide = [
        await staff_of(ctx, level.location_id, role) for role in (Role.CASHIER, Role.GUIDE)
    ]
    whole = (await contacts.of_orders(clerk, [order]))[order.id]
    assert (whole.name, whole.phone, whole.address) == (member.name, member.phone, None)
    masked = (await contacts.of_orders(guide, [order]))[order.id]
    assert member.phone is not None
    assert (masked.name, masked.phone) == (masked_name(member.name), masked_phone(member.phone))
    own = (await contacts.of_orders(she, [order]))[order.id]
    assert own.phone == member.phone
    (look,) = await ContactLook.all()
    assert (look.actor_id, look.order_id, look.looks) == (clerk.actor.id, order.id, 1)
    await contacts.of_orders(clerk, [order])  # the same request
    assert (await ContactLook.get(id=look.id)).looks == 1
