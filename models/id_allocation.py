"""IDs of rows that are not written yet, so that rows of several tables can be written in one round trip."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from models.database import fetch, is_postgres, marks

_NEXT = "SELECT '{table}' AS name, nextval('{table}_id_seq') AS id FROM generate_series(1, ?)"


async def next_ids(**counts: int) -> dict[str, list[int]]:
    """Return that many new IDs for each table, ascending and allocated once; call inside a transaction."""
    if is_postgres():
        return by_table(await fetch(postgres_statement(counts), *counts.values()))
    # No other transaction writes meanwhile, so the last allocated ID stays the last.
    rows = await fetch(
        f"SELECT name, seq FROM sqlite_sequence WHERE name IN ({marks(list(counts))})", *counts
    )
    last = {row["name"]: row["seq"] for row in rows}
    return {
        table: list(range(last.get(table, 0) + 1, last.get(table, 0) + 1 + count))
        for table, count in counts.items()
    }


def postgres_statement(tables: Iterable[str]) -> str:
    """Return SQL that selects new IDs as (name, id); its parameters are the numbers for each table."""
    return " UNION ALL ".join(_NEXT.format(table=table) for table in tables)


def by_table(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[int]]:
    """Return the IDs of such rows by table, ascending."""
    ids: defaultdict[str, list[int]] = defaultdict(list)
    for row in rows:
        ids[row["name"]].append(row["id"])
    return {table: sorted(each) for table, each in ids.items()}
