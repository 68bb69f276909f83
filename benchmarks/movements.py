"""A long ledger made by SQL: every level repeatedly receives and removes one unit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import asyncpg

from benchmarks.databases import Database
from models.config import sqlite_path

# Older than the movements that `data.py` makes.
BEGAN = datetime.now(UTC) - timedelta(days=700)
_ROUND = (
    "INSERT INTO stock_movement (variant_id, location_id, from_state, to_state, quantity, reason,"
    " actor_kind, created_at)"
    " SELECT variant_id, location_id, '{source}', '{target}', 1, '{reason}', 'SYSTEM', '{at}'"
    " FROM stock_level WHERE available > 0 ORDER BY id"
)
_VERSIONS = "UPDATE stock_level SET version = version + {rounds} WHERE available > 0"


def rounds_of(movements: int, levels: int) -> int:
    """Return how often each level moves: an even number, so that its quantity stays the same."""
    return max(2, movements // levels // 2 * 2)


def _statements(rounds: int) -> Iterable[str]:
    for number in range(rounds):
        at = BEGAN + timedelta(hours=number)
        incoming = number % 2 == 0
        states = ("OUTSIDE", "AVAILABLE") if incoming else ("AVAILABLE", "OUTSIDE")
        yield _ROUND.format(
            source=states[0],
            target=states[1],
            reason="RETURN" if incoming else "SALE",
            at=at.isoformat(sep=" "),
        )
    yield _VERSIONS.format(rounds=rounds)


async def lengthen(database: Database, rounds: int) -> None:
    """Add the movements, and rebuild the indexes afterwards, which is several times as fast."""
    if database.url.startswith("sqlite://"):
        _lengthen_sqlite(sqlite_path(database.url), rounds)
    else:
        await _lengthen_postgres(database.url, rounds)


def _lengthen_sqlite(path: str, rounds: int) -> None:
    connection = sqlite3.connect(path)
    connection.executescript("PRAGMA synchronous = OFF; PRAGMA cache_size = -200000;")
    indexes = connection.execute(
        "SELECT name, sql FROM sqlite_master"
        " WHERE type = 'index' AND tbl_name = 'stock_movement' AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f'DROP INDEX "{name}"')
    for statement in _statements(rounds):
        connection.execute(statement)
    for _, definition in indexes:
        connection.execute(definition)
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()


async def _lengthen_postgres(url: str, rounds: int) -> None:
    connection = await asyncpg.connect(url)
    # Every row has the references of its level, so foreign keys need no check.
    await connection.execute("SET session_replication_role = replica; SET synchronous_commit = off")
    indexes = await connection.fetch(
        "SELECT indexname, indexdef FROM pg_indexes"
        " WHERE tablename = 'stock_movement' AND indexname <> 'stock_movement_pkey'"
    )
    for index in indexes:
        await connection.execute(f'DROP INDEX "{index["indexname"]}"')
    for statement in _statements(rounds):
        await connection.execute(statement)
    for index in indexes:
        await connection.execute(index["indexdef"])
    await connection.execute("VACUUM ANALYZE stock_movement")
    await connection.execute("VACUUM ANALYZE stock_level")
    await connection.close()
