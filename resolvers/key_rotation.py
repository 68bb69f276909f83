"""Rotation of the keys that encrypt personal data: everything is encrypted anew by the first key, in batches.

It may run while the shop sells, be stopped at any time and run again: a stored value names its key, so what
is left is found in the database. A value that changes meanwhile is skipped: its writer uses the first key.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tortoise import Tortoise

from models.database import execute, fetch, marks, transaction
from models.encryption import FORMAT, EncryptedText, ring
from models.members.members import Member
from models.members.phones import indexes_of
from resolvers.context import Context
from resolvers.members import phones

BATCH = 500

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

    Raises: Undecryptable for a value of a key that is not in the ring.
    """
    done = Rotation(ring().first.kid)
    # Members are indexed first: their rows say which phones have no index by the first key yet.
    done.indexed = await _index_members(ctx, progress)
    for column in encrypted_columns():
        done.encrypted[f"{column.table}.{column.column}"] = await _encrypt_column(column, progress)
    kids = [key.kid for key in ring().keys]
    done.removed = await transaction(
        execute, f"DELETE FROM member_phone WHERE kid NOT IN ({marks(kids)})", *kids
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


def encrypted_columns() -> list[EncryptedText[object]]:
    """Those of all tables that the database was connected with."""
    return [
        column
        for table in Tortoise.apps["models"].values()
        for column in vars(table).values()
        if isinstance(column, EncryptedText)
    ]


_UNINDEXED = """
FROM member WHERE encrypted_phone IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM member_phone WHERE member_phone.member_id = member.id AND member_phone.kid = ?)"""


async def _encrypt_column(column: EncryptedText[object], progress: Progress) -> int:
    total = after = 0
    while rows := await fetch(
        f"SELECT id, {column.column} AS stored FROM {column.table}"
        f" WHERE {_stale(column)} AND id > ? ORDER BY id LIMIT {BATCH}",
        _prefix(),
        after,
    ):
        changes = [(column.again(row["stored"]), row["id"], row["stored"]) for row in rows]
        total += await transaction(_replace, column, changes)
        after = rows[-1]["id"]
        progress(len(rows))
    return total


async def _replace(column: EncryptedText[object], changes: list[tuple[str, int, str]]) -> int:
    statement = (
        f"UPDATE {column.table} SET {column.column} = ? WHERE id = ? AND {column.column} = ?"
    )
    return sum([await execute(statement, *each) for each in changes])


async def _index_members(ctx: Context, progress: Progress) -> int:
    total = after = 0
    while rows := await fetch(
        f"SELECT id, merchant_id, encrypted_phone {_UNINDEXED} AND id > ? ORDER BY id LIMIT {BATCH}",
        ring().first.kid,
        after,
    ):
        await transaction(_index, ctx, rows)
        total, after = total + len(rows), rows[-1]["id"]
        progress(len(rows))
    return total


async def _index(ctx: Context, rows: list[dict[str, object]]) -> None:
    for row in rows:
        phone = Member.phone.decrypt(str(row["encrypted_phone"]))
        first = indexes_of(phone or "")[0]
        await phones.index_anew(ctx, int(str(row["merchant_id"])), int(str(row["id"])), first)


def _prefix() -> str:
    return f"{FORMAT}.{ring().first.kid}."


def _stale(column: EncryptedText[object]) -> str:
    beginning = f"SUBSTR({column.column}, 1, {len(_prefix())})"
    return f"{column.column} IS NOT NULL AND {beginning} <> ?"


async def _count(source: str, *values: object) -> int:
    return int((await fetch(f"SELECT COUNT(*) AS n {source}", *values))[0]["n"])
