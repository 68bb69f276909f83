"""What the migration of recipients and client applications makes of rows that are there."""

from __future__ import annotations

import pytest

from models.accounts.clients import Storefront
from models.database import execute, fetch
from models.migrating import migrate, pending
from models.opening import DatabaseUnfit
from models.orders.orders import Order, recipient_ending
from models.orders.states import FulfilmentMethod
from resolvers.context import Context, utc_now
from tests.make import sales
from tests.make.checkouts import a_store
from tests.make.stock import a_level

NAME = "0029_recipients_storefronts_phones"
BEFORE = "0028_pages_of_goods"
ADD = """INSERT INTO storefront (code, name, channel, key, organisation_id, active, created_at)
VALUES (?, 'x', 'PC', ?, ?, TRUE, ?)"""


async def add(ctx: Context, *codes: str | None) -> None:
    for code in codes:
        found = await fetch("SELECT COUNT(*) AS n FROM storefront")
        await execute(ADD, code, f"key{found[0]['n']}", ctx.merchant_id, utc_now())


async def test_orders_are_found_by_the_phone_of_their_recipient(ctx: Context) -> None:
    level = await a_level(ctx, 5, location=await a_store(ctx))
    guest, address = await sales.a_guest(ctx), sales.an_address()
    order = await sales.an_order(guest, level, FulfilmentMethod.STORE_DELIVERY, address=address)
    bare = await sales.an_order(guest, level)
    torn = await sales.an_order(guest, level, FulfilmentMethod.STORE_DELIVERY, address=address)
    await migrate(BEFORE)
    await execute("UPDATE sales_order SET encrypted_address = ? WHERE id = ?", "1.lost.AA", torn.id)
    await migrate()
    found = {row.id: row.recipient_ending for row in await Order.all()}
    expected = recipient_ending({"phone": "13800001111"})
    assert found == {order.id: expected, bare.id: None, torn.id: None}


async def test_two_client_applications_of_one_code_are_named_and_nothing_is_changed(
    ctx: Context,
) -> None:
    await migrate(BEFORE)
    await add(ctx, "WEB", "WEB", "APP", None, None)
    with pytest.raises(DatabaseUnfit, match=r"WEB \(row \d+\), \w+ WEB \(row \d+\)") as refused:
        await migrate()
    assert "APP" not in str(refused.value)
    assert NAME in await pending()
    assert len(await fetch("SELECT id FROM storefront WHERE code = 'WEB'")) == 2
    await execute(
        "UPDATE storefront SET code = NULL WHERE id = (SELECT MAX(id) FROM storefront WHERE code = 'WEB')"
    )
    await migrate()
    added = await Storefront.filter(name="x")
    assert {each.merchant_id for each in added} == {ctx.merchant_id}
    with pytest.raises(Exception, match=r"(?i)unique"):
        await Storefront.filter(code="APP").update(code="WEB")
