"""Who may see who looked at contacts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from models.accounts.roles import Role
from models.errors import PermissionDenied
from models.orders.states import FulfilmentMethod
from resolvers.context import Context
from resolvers.orders import contact_looks, contacts
from resolvers.orders.contact_looks import LookFilter
from resolvers.orm_pagination import PageRequest
from tests.make.checkouts import a_store
from tests.make.sales import a_guest, a_paid_order, an_address, staff_of
from tests.make.statements import counting
from tests.make.stock import a_level, a_location

EVERY = PageRequest(first=100)


async def test_managers_see_the_looks_of_their_places_and_nobody_else_does(ctx: Context) -> None:
    level = await a_level(ctx, 20, location=await a_store(ctx))
    elsewhere = await a_location(ctx)
    way, address = FulfilmentMethod.STORE_DELIVERY, an_address()
    orders = [
        await a_paid_order(ctx, await a_guest(ctx), level, way, address=address) for _ in range(3)
    ]
    picker = await staff_of(ctx, level.location_id, Role.PICKER)
    manager = await staff_of(ctx, level.location_id, Role.MANAGER)
    stranger = await staff_of(ctx, elsewhere.id, Role.MANAGER)
    await contacts.of_orders(picker, orders)

    async def seen(who: Context, **wanted: object) -> list[tuple[int, int]]:
        filter_ = LookFilter(**wanted)  # type: ignore[arg-type]
        page = await contact_looks.page(who, filter_, EVERY)
        total = await (await contact_looks.tally(who, filter_)).totals([None])
        assert total == {None: len(page.rows)}
        return [(row.order_id, row.actor_id) for row in page.rows]

    latest = [(order.id, picker.actor.id) for order in reversed(orders)]
    assert await seen(manager) == await seen(ctx) == latest
    assert await seen(stranger) == []
    for who in (picker, await a_guest(ctx)):
        with pytest.raises(PermissionDenied):
            await contact_looks.page(who, LookFilter(), EVERY)
    ids = [row.id for row in (await contact_looks.page(manager, LookFilter(), EVERY)).rows]
    assert set(await contact_looks.by_ids(manager, ids)) == set(ids)
    for who in (stranger, picker):
        assert await contact_looks.by_ids(who, ids) == {}
    actor = ("STAFF", picker.actor.id or 0)
    assert await seen(manager, actor=actor, order_id=orders[0].id) == latest[-1:]
    assert await seen(manager, actor=("API_CLIENT", actor[1])) == []
    now = ctx.now()
    assert await seen(manager, since=now - timedelta(hours=1), until=now + timedelta(hours=1))
    assert await seen(manager, until=now - timedelta(hours=1)) == []
    with counting() as statements:
        await contact_looks.page(manager, LookFilter(), EVERY)
    assert len(statements) == 1
