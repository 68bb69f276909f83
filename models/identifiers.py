"""IDs of rows that are yet to be written, so that rows of several tables can be written in one trip."""

from __future__ import annotations

from models.database import fetch, is_postgres, marks

_NEXT = "SELECT '{table}' AS name, nextval('{table}_id_seq') AS id FROM generate_series(1, ?)"


async def next_ids(**counts: int) -> dict[str, list[int]]:
    """So many new IDs for each table, ascending; nobody else gets them. Runs inside a transaction."""
    if is_postgres():
        statement = " UNION ALL ".join(_NEXT.format(table=table) for table in counts)
        rows = await fetch(statement, *counts.values())
        ids: dict[str, list[int]] = {table: [] for table in counts}
        for row in rows:
            ids[row["name"]].append(row["id"])
        return {table: sorted(each) for table, each in ids.items()}
    # The transaction is the only one that writes, so what was given last stays last.
    rows = await fetch(
        f"SELECT name, seq FROM sqlite_sequence WHERE name IN ({marks(list(counts))})", *counts
    )
    last = {row["name"]: row["seq"] for row in rows}
    return {
        table: list(range(last.get(table, 0) + 1, last.get(table, 0) + 1 + count))
        for table, count in counts.items()
    }
