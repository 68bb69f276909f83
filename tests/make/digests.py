"""Whether anything in a database has changed, cheaply told while nothing has."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from models.config import sqlite_path
from models.database import fetch, is_postgres

# What a refused request may still write: that somebody was there, and what they must not do again too soon.
ALLOWED = {"session", "one_time_code", "guest", "idempotency_record"}
SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
POSTGRES_TABLES = "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"


class Witness:
    """Remembers the rows of each table of the connected database."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._stamp: object = None
        self._digests: dict[str, str] = {}

    async def look(self) -> set[str]:
        """The tables that have changed since the last look, but for `ALLOWED`; all at the first."""
        stamp = await self._now()
        if stamp is not None and stamp == self._stamp:
            return set()
        self._stamp = stamp
        digests = {name: await _digest(name) for name in await self._tables()}
        changed = {name for name, digest in digests.items() if self._digests.get(name) != digest}
        self._digests = digests
        return changed - ALLOWED

    async def _now(self) -> object:
        """Something that differs once anything was committed."""
        if is_postgres():
            rows = await fetch("SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS x")
            return rows[0]["x"]
        path = Path(sqlite_path(self._url))
        return [
            (each.stat().st_size, each.stat().st_mtime_ns)
            for each in (path, path.with_name(f"{path.name}-wal"))
            if each.exists()
        ]

    async def _tables(self) -> list[str]:
        rows = await fetch(POSTGRES_TABLES if is_postgres() else SQLITE_TABLES)
        return sorted(row["name"] for row in rows if "search" not in row["name"])


async def _digest(table: str) -> str:
    rows = await fetch(f'SELECT * FROM "{table}"')
    return sha256("\n".join(sorted(map(repr, rows))).encode()).hexdigest()
