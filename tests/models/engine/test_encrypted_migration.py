"""A database with rows of before personal data was encrypted: the migration encrypts, and gives it back."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from models.database import execute, fetch, is_postgres, transaction
from models.engine.schema_changes import encrypt_column
from models.members.members import Member
from models.members.phones import MemberPhone
from models.migrating import migrate
from models.orders.orders import Order
from models.stock.documents.purchases import Supplier
from resolvers.context import Context
from resolvers.members import members as use_case
from resolvers.orm_pagination import PageRequest
from resolvers.referrals.sign_in import enter
from tests.make import members as make

ENCRYPTED = "0018_encrypted_personal_data"
NOW = "2026-01-01 00:00:00+00:00"


def before() -> str:
    """The migration that the one in question depends on."""
    [(_, name)] = import_module(f"migrations.{ENCRYPTED}").Migration.dependencies
    return str(name)


async def stored(table: str) -> list[dict[str, Any]]:
    return await fetch(f"SELECT * FROM {table} ORDER BY id")


@pytest.mark.own_database
async def test_rows_of_before_are_encrypted_and_come_back(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encrypt_column, "BATCH", 2)
    tier_id = (await make.member(ctx)).tier_id
    await execute("DELETE FROM member_card")
    await execute("DELETE FROM member_phone")
    await execute("DELETE FROM member")
    await migrate(before())
    phones = [f"+861390000000{number}" for number in range(5)]
    for number, phone in enumerate([*phones, None]):
        await execute(
            "INSERT INTO member (created_at, number, phone, name, referral_token, distributor,"
            f" joined_via, merchant_id, tier_id) VALUES ('{NOW}', ?, ?, 'N', ?, TRUE, 'PC', ?, ?)",
            f"M{number}",
            phone,
            f"m{number}",
            ctx.merchant_id,
            tier_id,
        )
    await execute(
        "INSERT INTO supplier (created_at, updated_at, code, name, contact, phone, active, merchant_id)"
        f" VALUES ('{NOW}', '{NOW}', 'S', 'S', '王先生', '024-12345678', TRUE, ?)",
        ctx.merchant_id,
    )
    address = '{"street": "太原街1号", "phone": "13900000000"}'
    await execute(
        "INSERT INTO sales_order (created_at, updated_at, number, status, channel, goods_minor,"
        " discount_minor, delivery_minor, payable_minor, paid_minor, refunded_minor, address, remark,"
        f" merchant_id) VALUES ('{NOW}', '{NOW}', 'O1', 'COMPLETED', 'PC', 0, 0, 0, 0, 0, 0, ?, ?, ?)",
        address,
        "门铃坏了",
        ctx.merchant_id,
    )
    await migrate()

    everything = str([await stored(table) for table in ("member", "supplier", "sales_order")])
    for plain in (*phones, "王先生", "12345678", "太原街", "门铃坏了"):
        assert plain not in everything
    assert [each.phone for each in await Member.all().order_by("id")] == [*phones, None]
    assert await MemberPhone.all().count() == 5
    (supplier,) = await Supplier.all()
    assert (supplier.contact, supplier.phone) == ("王先生", "024-12345678")
    order = await Order.get()
    assert order.address == {"street": "太原街1号", "phone": "13900000000"}
    assert order.remark == "门铃坏了"
    _, member, is_new = await transaction(enter, ctx, phones[3], None, None)
    assert (member.number, is_new) == ("M3", False)
    for search, numbers in ((phones[2], ["M2"]), ("0004", ["M4"]), ("9999", [])):
        found = await use_case.page(ctx, use_case.MemberQuery(search=search), PageRequest(first=10))
        assert [each.number for each in found.rows] == numbers

    await execute("DELETE FROM session")
    await migrate(before())
    assert [row["phone"] for row in await stored("member")] == [*phones, None]
    (row,) = await stored("sales_order")
    assert "太原街" in str(row["address"])
    assert row["remark"] == "门铃坏了"
    await migrate()
    assert [each.phone for each in await Member.all().order_by("id")] == [*phones, None]
    if is_postgres():
        kinds = await fetch(
            "SELECT data_type FROM information_schema.columns WHERE column_name LIKE 'encrypted_%'"
            " AND table_name <> 'staff'"  # made by the migration before
        )
        assert {row["data_type"] for row in kinds} == {"text"}
