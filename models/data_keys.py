"""Checks whether the keys of this process decrypt the database, by a sample of each encrypted column."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tortoise import Tortoise

from models.database import fetch, is_postgres
from models.keys.encryption import EncryptedText, Undecryptable, kid_of

# Rows from each end of a table: rotation starts at the oldest row, and new rows have the newest key.
SAMPLE = 10

Column = EncryptedText[Any]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored value that no key of this process decrypts. `kid` names the key that encrypted it."""

    column: Column
    row_id: int
    kid: str
    reason: str

    def __str__(self) -> str:
        return f"{self.reason} (row {self.row_id}, key {self.kid})"


class Reading:
    """The result of decrypting a sample, counted by key."""

    def __init__(self) -> None:
        self._read: defaultdict[str, int] = defaultdict(int)
        self.unreadable: list[Unreadable] = []

    def add(self, column: Column, row_id: int, stored: str) -> None:
        kid = kid_of(stored)
        try:
            column.decrypt(stored)
        except Undecryptable as fault:
            self.unreadable.append(Unreadable(column, row_id, kid, str(fault)))
        else:
            self._read[kid] += 1

    @property
    def foreign(self) -> Unreadable | None:
        """An unreadable value whose key this process lacks; None if every key decrypts some other value.

        If a key decrypts other values, an unreadable value is damaged instead.
        """
        return next((each for each in self.unreadable if not self._read[each.kid]), None)


def encrypted_columns() -> list[Column]:
    """Return the encrypted columns of all tables of the connected database."""
    return [
        column
        for table in (Tortoise.apps or {})["models"].values()
        for column in vars(table).values()
        if isinstance(column, EncryptedText)
    ]


async def columns_there() -> list[Column]:
    """Return the encrypted columns that the database has; one that is not migrated may lack some."""
    there = {(row["t"], row["c"]) for row in await fetch(_COLUMNS[is_postgres()])}
    return [each for each in encrypted_columns() if (each.table, each.column) in there]


async def read_sample(columns: Iterable[Column]) -> Reading:
    """Decrypt the oldest and newest values of each column, read by one statement."""
    numbered, reading = list(columns), Reading()
    if not numbered:
        return reading
    statement = " UNION ALL ".join(
        f"SELECT {number} AS position, id, stored FROM (SELECT id, {each.column} AS stored"
        f" FROM {each.table} ORDER BY id{order} LIMIT {SAMPLE}) AS sampled"
        " WHERE stored IS NOT NULL"
        for number, each in enumerate(numbered)
        for order in ("", " DESC")
    )
    for row in await fetch(statement):
        reading.add(numbered[row["position"]], row["id"], row["stored"])
    return reading


_COLUMNS = {
    True: "SELECT table_name AS t, column_name AS c FROM information_schema.columns"
    " WHERE table_schema = ANY(current_schemas(false)) AND column_name LIKE 'encrypted%'",
    False: "SELECT m.name AS t, c.name AS c FROM sqlite_schema m, pragma_table_info(m.name) c"
    " WHERE m.type = 'table' AND c.name LIKE 'encrypted%'",
}
