"""SQLite as Tortoise connects to it, but for one thing: the connection may be used from any thread.

A statement that takes microseconds costs several times as much when it is handed to the connection's own
thread: see `brief_transaction`. Nobody uses the connection from two threads at once: whoever has the turn to
write waits for each of its statements.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

import aiosqlite
from tortoise.backends.sqlite.client import SqliteClient


class SharedSqliteClient(SqliteClient):
    async def create_connection(self, with_db: bool) -> None:
        if self._connection:
            return
        connection = aiosqlite.connect(self.filename, isolation_level=None, check_same_thread=False)
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


client_class = SharedSqliteClient
