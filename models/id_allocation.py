"""IDs of rows that are yet to be written, so that rows of several tables can be written in one trip."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from models.database import fetch, is_postgres, marks

_NEXT = "SELECT '{table}' AS name, nextval('{table}_id_seq') AS id FROM generate_series(1, ?)"


async def next_ids(**counts: int) -> dict[str, list[int]]:
    """So many new IDs for each table, ascending; nobody else gets them. Runs inside a transaction."""
    if is_postgres():
        return by_table(await fetch(postgres_statement(counts), *counts.values()))
    # The transaction is the only one that writes, so what was given last stays last.
    rows = await fetch(
        f"SELECT name, seq FROM sqlite_sequence WHERE name IN ({marks(list(counts))})", *counts
    )
    last = {row["name"]: row["seq"] for row in rows}
    return {
        table: list(range(last.get(table, 0) + 1, last.get(table, 0) + 1 + count))
        for table, count in counts.items()
    }


def postgres_statement(tables: Iterable[str]) -> str:
    """SQL for as many new IDs of each table as its parameter says, as (name, id)."""
    return " UNION ALL ".join(_NEXT.format(table=table) for table in tables)


def by_table(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    """The IDs of such rows, ascending."""
    ids: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows:
        ids[row["name"]].append(row["id"])
    return {table: sorted(each) for table, each in ids.items()}
