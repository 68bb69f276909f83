"""Writing to the database as another process does: over a connection of its own, known to nobody here."""

from __future__ import annotations

import sqlite3

import asyncpg

from models.config import sqlite_path


async def write_elsewhere(database_url: str, statement: str) -> None:
    if database_url.startswith("sqlite://"):
        with sqlite3.connect(sqlite_path(database_url)) as connection:
            connection.execute(statement)
        connection.close()
    else:
        foreign = await asyncpg.connect(database_url)
        await foreign.execute(statement)
        await foreign.close()
