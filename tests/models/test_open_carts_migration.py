"""A database of before, where customers have several open carts: each keeps one, and loses no line."""

from __future__ import annotations

import itertools
from importlib import import_module

import pytest

from models.database import execute, fetch, transaction
from models.migrating import migrate
from resolvers.context import Context
from tests.make.checkouts import a_member
from tests.make.members import staff
from tests.make.sales import a_guest
from tests.make.stock import a_variant

_numbers = itertools.count()
OPEN_CARTS = "0021_parts_and_open_carts"


def before() -> str:
    """The migration that the one in question depends on."""
    [(_, name)] = import_module(f"migrations.{OPEN_CARTS}").Migration.dependencies
    return str(name)


async def a_cart(ctx: Context, day: int, pieces: dict[int, int], **columns: object) -> int:
    named = {
        "merchant_id": ctx.merchant_id,
        "token": f"t{next(_numbers)}",
        "status": "OPEN",
        "channel": "PC",
        "version": 1,
        "created_at": f"2026-01-{day:02} 00:00:00+00:00",
        "updated_at": f"2026-01-{day:02} 00:00:00+00:00",
        **columns,
    }
    rows = await transaction(
        fetch,
        f"INSERT INTO cart ({', '.join(named)}) VALUES"
        f" ({', '.join(repr(each) for each in named.values())}) RETURNING id",
    )
    for variant_id, quantity in pieces.items():
        await execute(
            "INSERT INTO cart_line (cart_id, variant_id, quantity, added_in, created_at)"
            " VALUES (?, ?, ?, 'PC', '2026-01-01 00:00:00+00:00')",
            rows[0]["id"],
            variant_id,
            quantity,
        )
    return int(rows[0]["id"])


@pytest.mark.own_database
async def test_each_customer_keeps_the_cart_used_last_with_what_the_others_have_besides(
    ctx: Context,
) -> None:
    she, guest = (await a_member(ctx)).member_id, (await a_guest(ctx)).guest_id
    guide = (await staff(1, "GUIDE")).id  # type: ignore[arg-type]
    many = [(await a_variant(ctx)).id for _ in range(101)]
    milk, tea, rice = many[:3]
    await migrate(before())
    old = await a_cart(ctx, 1, {milk: 7, tea: 1}, member_id=she)
    older = await a_cart(ctx, 2, {tea: 2, rice: 3}, member_id=she)
    last = await a_cart(ctx, 3, {milk: 2}, member_id=she)
    ordered = await a_cart(ctx, 4, {rice: 9}, member_id=she, status="ORDERED")
    shown = await a_cart(ctx, 1, {milk: 1}, guest_id=guest, guide_id=guide)
    full = await a_cart(ctx, 2, dict.fromkeys(many, 1), guest_id=guest)
    nobodys = [await a_cart(ctx, day, {}, guide_id=guide) for day in (5, 6)]
    assert await migrate() == [OPEN_CARTS, *await _after()]
    carts = {row["id"]: row for row in await fetch("SELECT * FROM cart")}
    assert [carts[each]["status"] for each in (old, older, last, ordered, shown, full)] == [
        "MERGED",
        "MERGED",
        "OPEN",
        "ORDERED",
        "OPEN",
        "MERGED",
    ]
    assert {carts[each]["merged_into_id"] for each in (old, older)} == {last}
    assert carts[full]["merged_into_id"] == shown
    assert {carts[each]["status"] for each in nobodys} == {"OPEN"}
    assert await _pieces(last) == {milk: 2, tea: 2, rice: 3}
    assert await _pieces(old) == {milk: 7, tea: 1}
    assert len(await _pieces(shown)) == 100
    assert await migrate(before())
    await a_cart(ctx, 9, {}, member_id=she)


async def _after() -> list[str]:
    rows = await fetch("SELECT name FROM tortoise_migrations ORDER BY id")
    names = [row["name"] for row in rows]
    return names[names.index(OPEN_CARTS) + 1 :]


async def _pieces(cart_id: int) -> dict[int, int]:
    rows = await fetch("SELECT variant_id, quantity FROM cart_line WHERE cart_id = ?", cart_id)
    return {row["variant_id"]: row["quantity"] for row in rows}
