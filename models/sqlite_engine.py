"""SQLite as Tortoise connects to it, but for one thing: the connection may be used from any thread.

A statement that takes microseconds costs several times as much when it is handed to the connection's own
thread: see `brief_transaction`. Nobody uses the connection from two threads at once: whoever has the turn to
write waits for each of its statements.
"""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial
from typing import Any

import aiosqlite
from tortoise.backends.sqlite.client import SqliteClient

from models.sqlite_reading import ReadingConnection


class SharedSqliteClient(SqliteClient):
    async def create_connection(self, with_db: bool) -> None:
        if self._connection:
            return
        connection = self._opening()
        try:
            await connection
        except sqlite3.Error:
            # Its thread ends by itself, but would complain of an event loop that ended before.
            await asyncio.to_thread(connection._thread.join)
            raise
        raw: Any = connection._conn
        raw.row_factory = sqlite3.Row
        try:
            for pragma, value in self.pragmas.items():
                await (await connection.execute(f"PRAGMA {pragma}={value}")).close()
        except BaseException:
            await connection.close()  # or its thread would keep the process alive
            raise
        self._connection = connection
        await self._post_connect()

    def _opening(self) -> aiosqlite.Connection:
        options: dict[str, Any] = {"isolation_level": None, "check_same_thread": False}
        if self.pragmas.get("query_only") == "ON":
            return ReadingConnection(partial(sqlite3.connect, self.filename, **options))
        return aiosqlite.connect(self.filename, **options)


client_class = SharedSqliteClient
