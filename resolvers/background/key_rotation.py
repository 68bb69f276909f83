"""Rotation of the keys that encrypt personal data: everything is encrypted anew by the first key, in batches.

It may run while the shop sells, be stopped at any time and run again: a stored value names its key, so what
is left is found in the database. A value that changes meanwhile is skipped: its writer uses the first key.
A value that no key of the ring decrypts is named and passed by, and counts as left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from models.data_keys import Column, Reading, Unreadable, encrypted_columns
from models.database import execute, fetch, marks, transaction
from models.keys.encryption import FORMAT, Undecryptable, ring
from models.members.members import Member
from models.members.phones import indexes_of
from models.orders.orders import Order, recipient_ending
from resolvers.context import Context
from resolvers.members import phones

BATCH = 500
MOST_NAMED = 20

Progress = Callable[[int], None]


@dataclass(slots=True)
class Rotation:
    """How many values of each column were encrypted anew, phones indexed anew and old indexes removed."""

    kid: str
    encrypted: dict[str, int] = field(default_factory=dict)
    indexed: int = 0
    removed: int = 0

    def __str__(self) -> str:
        lines = [
            f"{column}: {count} encrypted by {self.kid}."
            for column, count in self.encrypted.items()
        ]
        return "\n".join(
            [*lines, f"{self.indexed} phones indexed, {self.removed} old indexes removed."]
        )


async def rotate(ctx: Context, progress: Progress = lambda done: None) -> Rotation:
    """Encrypt and index by the first key of the ring all that is not; forget indexes of keys not in the ring.

    An index is kept for as long as its phone cannot be read: it alone still finds the member.
    """
    done = Rotation(ring().first.kid)
    # Members are indexed first: their rows say which phones have no index by the first key yet.
    done.indexed = await _index_members(ctx, progress)
    for column in encrypted_columns():
        done.encrypted[f"{column.table}.{column.column}"] = await _encrypt_column(column, progress)
    kids = [key.kid for key in ring().keys]
    done.removed = await transaction(
        execute,
        f"DELETE FROM member_phone WHERE kid NOT IN ({marks(kids)})"
        " AND member_id NOT IN (SELECT id " + _UNINDEXED + ")",
        *kids,
        ring().first.kid,
    )
    return done


async def left() -> dict[str, int]:
    """How many values of each column, and phones' indexes, the first key has not written; 0 are left out."""
    counts = {
        f"{each.table}.{each.column}": await _count(
            f"FROM {each.table} WHERE {_stale(each)}", _prefix()
        )
        for each in encrypted_columns()
    }
    counts["member_phone"] = await _count(_UNINDEXED, ring().first.kid)
    return {name: count for name, count in counts.items() if count}


async def unreadable(most: int = MOST_NAMED) -> list[Unreadable]:
    """The first values that the first key has not written and no other of the ring decrypts."""
    found: list[Unreadable] = []
    for column in encrypted_columns():
        after = 0
        while len(found) < most and (rows := await _stale_rows(column, after)):
            reading = Reading()
            for row in rows:
                reading.add(column, row["id"], row["stored"])
            found += reading.unreadable
            after = rows[-1]["id"]
    return found[:most]


_UNINDEXED = """
FROM member WHERE encrypted_phone IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM member_phone WHERE member_phone.member_id = member.id AND member_phone.kid = ?)"""


async def _encrypt_column(column: Column, progress: Progress) -> int:
    total = after = 0
    while rows := await _stale_rows(column, after):
        changes = [
            (again, row["id"], row["stored"])
            for row in rows
            if (again := _again(column, row["stored"])) is not None
        ]
        total += await transaction(_replace, column, changes)
        after = rows[-1]["id"]
        progress(len(rows))
    return total


async def _stale_rows(column: Column, after: int) -> list[dict[str, Any]]:
    return await fetch(
        f"SELECT id, {column.column} AS stored FROM {column.table}"
        f" WHERE {_stale(column)} AND id > ? ORDER BY id LIMIT {BATCH}",
        _prefix(),
        after,
    )


def _again(column: Column, stored: str) -> str | None:
    """The value by the first key, or None for one that no key decrypts."""
    try:
        return column.again(stored)
    except Undecryptable:
        return None


async def _replace(column: Column, changes: list[tuple[str, int, str]]) -> int:
    statement = (
        f"UPDATE {column.table} SET {column.column} = ? WHERE id = ? AND {column.column} = ?"
    )
    replaced = sum([await execute(statement, *each) for each in changes])
    if column is Order.address:
        await _index_recipients(changes)
    return replaced


async def _index_recipients(changes: list[tuple[str, int, str]]) -> None:
    """Index orders anew whose addresses were encrypted anew, unless they were emptied meanwhile."""
    for address, order_id, _ in changes:
        await execute(
            "UPDATE sales_order SET recipient_ending = ? WHERE id = ? AND encrypted_address = ?",
            recipient_ending(Order.address.decrypt(address)),
            order_id,
            address,
        )


async def _index_members(ctx: Context, progress: Progress) -> int:
    total = after = 0
    while rows := await fetch(
        f"SELECT id, merchant_id, encrypted_phone {_UNINDEXED} AND id > ? ORDER BY id LIMIT {BATCH}",
        ring().first.kid,
        after,
    ):
        total += await transaction(_index, ctx, rows)
        after = rows[-1]["id"]
        progress(len(rows))
    return total


async def _index(ctx: Context, rows: list[dict[str, Any]]) -> int:
    """Index the members of these rows; return how many of them."""
    done = 0
    for row in rows:
        try:
            phone = Member.phone.decrypt(row["encrypted_phone"])
        except Undecryptable:
            continue
        await phones.index_anew(ctx, row["merchant_id"], row["id"], indexes_of(phone or "")[0])
        done += 1
    return done


def _prefix() -> str:
    return f"{FORMAT}.{ring().first.kid}."


def _stale(column: Column) -> str:
    beginning = f"SUBSTR({column.column}, 1, {len(_prefix())})"
    return f"{column.column} IS NOT NULL AND {beginning} <> ?"


async def _count(source: str, *values: object) -> int:
    return int((await fetch(f"SELECT COUNT(*) AS n {source}", *values))[0]["n"])
