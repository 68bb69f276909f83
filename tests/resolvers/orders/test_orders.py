from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from models.accounts.channels import Channel
from models.accounts.organisations import Organisation
from models.accounts.roles import Permission, Role
from models.errors import InvalidInput, NotSignedIn, StateConflict
from models.orders.orders import Order, OrderEvent
from models.orders.states import FulfilmentMethod, OrderStatus
from models.stores.locations import Location
from resolvers.context import Actor, ActorKind, Context, GrantedNode
from resolvers.orders import actions, member_orders, order_lists, orders, scope
from resolvers.orders.order_lists import OrderFilter
from resolvers.orm_pagination import PageRequest
from tests.make.checkouts import a_member, a_store
from tests.make.members import as_member, enter_through, link, member, staff
from tests.make.sales import a_guest, a_paid_order, an_order, staff_at, staff_of
from tests.make.statements import counting
from tests.make.stock import a_level

EVERY = PageRequest(first=100)


async def seen(ctx: Context, wanted: OrderFilter | None = None) -> set[int]:
    page = await order_lists.page(ctx, wanted or OrderFilter(), EVERY)
    ids = {order.id for order in page.rows}
    assert set(await orders.by_ids(ctx, sorted(ids))) == ids
    return ids


async def test_a_customer_sees_their_own_orders_alone(ctx: Context) -> None:
    level = await a_level(ctx, 9, location=await a_store(ctx))
    guest, she = await a_guest(ctx), await a_member(ctx)
    guests, hers = await an_order(guest, level), await an_order(she, level)
    assert await seen(guest) == {guests.id}
    assert await seen(she) == {hers.id}
    assert await orders.get(she, guests.id, None) is None
    assert await orders.get(she, None, guests.number) is None
    assert await orders.get(she, None, hers.number) == hers
    assert await orders.by_ids(replace(ctx, actor=Actor()), [hers.id]) == {}
    with pytest.raises(NotSignedIn):
        await order_lists.page(replace(ctx, actor=Actor()), OrderFilter(), EVERY)
    with pytest.raises(InvalidInput):
        await orders.get(she, None, None)


async def test_staff_see_the_orders_of_their_territory(ctx: Context) -> None:
    here, there = await a_store(ctx), await a_store(ctx, metres=50_000)
    guest = await a_guest(ctx)
    ours = await an_order(guest, await a_level(ctx, 9, location=here))
    theirs = await an_order(guest, await a_level(ctx, 9, location=there))
    manager, picker = await staff_of(ctx, here.id), await staff_of(ctx, here.id, Role.PICKER)
    assert await seen(manager) == {ours.id}
    # A picker may read no orders but those that they fulfil a part of.
    assert await seen(picker) == {ours.id}
    merchant = await Organisation.get(id=ctx.merchant_id)
    assert await seen(staff_at(ctx, merchant.id, merchant.path, Role.FINANCE)) == {
        ours.id,
        theirs.id,
    }
    assert await seen(staff_at(ctx, merchant.id, merchant.path, Role.MERCHANDISER)) == set()
    scoped_client = GrantedNode(
        here.organisation_id, await path_of(here), frozenset({Permission.ORDER_READ})
    )
    erp = replace(ctx, actor=Actor(ActorKind.API_CLIENT, 1, (scoped_client,)), memory={})
    assert await seen(erp) == {ours.id}


async def test_lists_of_a_merchant_hold_no_orders_of_another(ctx: Context) -> None:
    order = await an_order(await a_guest(ctx), await a_level(ctx, 9, location=await a_store(ctx)))
    merchant = await Organisation.get(id=ctx.merchant_id)
    finance = staff_at(ctx, merchant.id, merchant.path, Role.FINANCE)
    assert [each.id for each in await scope.visible_here(Order.all(), finance)] == [order.id]
    other = await Organisation.create(code="OTHER", name="Other", kind="MERCHANT", path="77/")
    await Order.filter(id=order.id).update(merchant_id=other.id)
    assert await scope.visible_here(Order.all(), finance) == []
    assert [each.id for each in await scope.visible(Order.all(), finance)] == [order.id]


async def test_orders_are_acted_on_where_a_right_is_held(ctx: Context) -> None:
    here, there = await a_store(ctx), await a_store(ctx, metres=50_000)
    guest, right = await a_guest(ctx), Permission.ORDER_CANCEL
    ours, theirs = [
        await an_order(guest, await a_level(ctx, 9, location=place)) for place in (here, there)
    ]

    async def found(actor: Context) -> set[int]:
        return {each.id for each in await scope.in_territory(Order.all(), actor, right)}

    assert await found(ctx) == {ours.id, theirs.id}
    assert await found(await staff_of(ctx, here.id)) == {ours.id}
    assert await found(guest) == await found(await staff_of(ctx, here.id, Role.PICKER)) == set()


async def path_of(place: Location) -> str:
    return (await Organisation.get(id=place.organisation_id)).path


async def test_what_counts_for_a_store_and_its_guide_is_seen_there_wherever_it_is_fulfilled(
    ctx: Context,
) -> None:
    home, other = await a_store(ctx), await a_store(ctx)
    guide = await staff(home.organisation_id, Role.GUIDE)
    person = await member(ctx)
    await enter_through(ctx, person, (await link(ctx, guide, home)).token)
    order = await an_order(as_member(ctx, person), await a_level(ctx, 9, location=other))
    assert (order.attribution_store_id, order.attribution_guide_id) == (home.id, guide.id)
    for place in (home, other):
        assert await seen(await staff_of(ctx, place.id)) == {order.id}
    elsewhere = staff_at(ctx, 10**6, "1000000/", Role.GUIDE)
    assert await seen(elsewhere) == set()
    moved_away = replace(elsewhere, actor=replace(elsewhere.actor, id=guide.id))
    assert await seen(moved_away) == {order.id}


async def test_every_field_of_the_filter_cuts(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 20, location=store)
    she = await a_member(ctx, Channel.WECHAT)
    hers = await an_order(she, level, FulfilmentMethod.CARRY_OUT)
    paid = await a_paid_order(ctx, await a_guest(ctx), level)
    day = timedelta(days=1)
    table = [
        (OrderFilter(), {hers.id, paid.id}),
        (OrderFilter(status=()), {hers.id, paid.id}),
        (OrderFilter(status=(OrderStatus.PAID,)), {paid.id}),
        (OrderFilter(channel=(Channel.WECHAT, Channel.APP)), {hers.id}),
        (OrderFilter(member_id=she.member_id), {hers.id}),
        (OrderFilter(guide_id=1), set()),
        (OrderFilter(store_id=store.id), {hers.id}),
        (OrderFilter(number=paid.number), {paid.id}),
        (OrderFilter(number="'; --"), set()),
        (OrderFilter(placed_from=ctx.now() - day, placed_to=ctx.now() + day), {hers.id, paid.id}),
        (OrderFilter(placed_from=ctx.now() + day), set()),
        (OrderFilter(placed_to=hers.created_at), set()),
    ]
    for wanted, expected in table:
        assert await seen(ctx, wanted) == expected, wanted


async def test_pages_follow_each_other_and_cursors_keep_to_their_filter(ctx: Context) -> None:
    level = await a_level(ctx, 20, location=await a_store(ctx))
    guest = await a_guest(ctx)
    placed = [(await an_order(guest, level)).id for _ in range(5)]
    first = await order_lists.page(guest, OrderFilter(), PageRequest(first=2))
    after = PageRequest(first=10, after=first.cursors[-1])
    second = await order_lists.page(guest, OrderFilter(), after)
    assert [order.id for order in [*first.rows, *second.rows]] == placed[::-1]
    with pytest.raises(InvalidInput):
        await order_lists.page(guest, OrderFilter(status=(OrderStatus.PAID,)), after)


async def test_each_member_has_a_page_of_their_own(ctx: Context) -> None:
    level = await a_level(ctx, 20, location=await a_store(ctx))
    she, he, nobody = await a_member(ctx), await a_member(ctx), await a_member(ctx)
    hers = [(await an_order(she, level)).id for _ in range(3)][::-1]
    his = [(await an_order(he, level)).id for _ in range(2)][::-1]
    members = [each.member_id or 0 for each in (she, he, nobody)]
    two = PageRequest(first=2)
    found = await member_orders.pages(ctx, members, two)
    assert [[order.id for order in found[each].rows] for each in members] == [hers[:2], his, []]
    assert [found[each].has_next for each in members] == [True, False, False]
    alone = await member_orders.pages(she, members[:1], two)
    one, same = alone[members[0]], found[members[0]]
    assert (one.rows, list(one.cursors)) == (same.rows, list(same.cursors))
    rest = PageRequest(first=2, after=found[members[0]].cursors[-1])
    for asked in (members, members[:1]):
        assert [
            order.id for order in (await member_orders.pages(ctx, asked, rest))[members[0]].rows
        ] == hers[2:]
    assert (await member_orders.pages(she, members, two))[members[1]].rows == []
    with counting() as statements:
        await member_orders.pages(ctx, members, two)
    assert len(statements) == 2


async def test_actions_are_those_of_the_state_and_the_caller(ctx: Context) -> None:
    store = await a_store(ctx)
    level = await a_level(ctx, 20, location=store)
    guest = await a_guest(ctx)
    unpaid, paid = await an_order(guest, level), await a_paid_order(ctx, guest, level)
    manager, finance = (
        await staff_of(ctx, store.id),
        await staff_of(ctx, store.id, Role.FINANCE),
    )
    late = replace(guest, clock=lambda: ctx.now() + timedelta(hours=1))
    table = [
        (guest, ["PAY", "CANCEL"], []),
        (late, ["CANCEL"], []),
        (await a_guest(ctx), [], []),
        (manager, ["PAY", "CANCEL"], ["CANCEL"]),
        (finance, [], []),
    ]
    for caller, on_unpaid, on_paid in table:
        found = await actions.of_orders(caller, [unpaid, paid])
        assert (found[unpaid.id], found[paid.id]) == (on_unpaid, on_paid)


async def test_a_status_that_moved_meanwhile_is_not_overwritten(ctx: Context) -> None:
    level = await a_level(ctx, 20, location=await a_store(ctx))
    order = await an_order(await a_guest(ctx), level)
    await Order.filter(id=order.id).update(status=OrderStatus.PAID)
    with pytest.raises(StateConflict):
        await orders.record_event(ctx, order, OrderStatus.CANCELLED)
    assert (await Order.get(id=order.id)).status is OrderStatus.PAID
    assert await OrderEvent.filter(order_id=order.id).count() == 1
