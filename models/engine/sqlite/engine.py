"""Tortoise's SQLite client, with IN lists of any length and a connection usable from several threads.

A statement that takes microseconds costs several times as much when it is handed to the connection's own
thread: see `brief_transaction`. The connection is never used by two threads at once, because the
transaction that writes awaits each of its statements.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import aiosqlite
from tortoise.backends.sqlite.client import SqliteClient

from models.cancellation import run_to_completion
from models.engine.long_lists import folded
from models.engine.sqlite.reading import ReadingConnection


class SharedSqliteClient(SqliteClient):
    @run_to_completion  # otherwise the connection's thread would outlive the event loop
    async def create_connection(self, with_db: bool) -> None:
        if self._connection:
            return
        if self.pragmas.get("query_only") != "ON":
            _make_private(self.filename)
        connection = self._opening()
        try:
            await connection
        except sqlite3.Error:
            # Its thread ends by itself, but logs an error if the event loop has closed before.
            await asyncio.to_thread(connection._thread.join)
            raise
        raw: Any = connection._conn
        raw.row_factory = sqlite3.Row
        try:
            for pragma, value in self.pragmas.items():
                await (await connection.execute(f"PRAGMA {pragma}={value}")).close()
        except BaseException:
            await connection.close()  # otherwise its thread would keep the process alive
            raise
        self._connection = connection
        await self._post_connect()

    async def execute_query(
        self, query: str, values: list[Any] | None = None
    ) -> tuple[int, Sequence[dict[str, Any]]]:
        query, given = folded(query, values or [])
        return await super().execute_query(query, list(given))

    async def execute_query_dict(
        self, query: str, values: list[Any] | None = None
    ) -> list[dict[str, Any]]:
        query, given = folded(query, values or [])
        return await super().execute_query_dict(query, list(given))

    def _opening(self) -> aiosqlite.Connection:
        options: dict[str, Any] = {"isolation_level": None, "check_same_thread": False}
        if self.pragmas.get("query_only") == "ON":
            return ReadingConnection(partial(sqlite3.connect, self.filename, **options))
        return aiosqlite.connect(self.filename, **options)


def _make_private(path: str) -> None:
    """Create the file with access for its owner only; SQLite gives its WAL the same mode."""
    with suppress(OSError):  # the file exists, or SQLite reports why it cannot be created
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


client_class = SharedSqliteClient
