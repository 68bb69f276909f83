"""A client that writes beside the readers, so that what is kept between writes is read again.

Its commits wait for no disk and its backend is not counted: what it costs others is measured, not itself.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count

import asyncpg

from benchmarks.databases import WRITER
from models.config import sqlite_path

Write = Callable[[], Awaitable[None]]
# SQLite notices that a value stays as it is, and writes nothing.
SMALL = "UPDATE member SET name = CASE name WHEN 'A' THEN 'B' ELSE 'A' END WHERE id = 1"


@asynccontextmanager
async def writer(database_url: str) -> AsyncIterator[Write]:
    """What commits one small write, to a row that nothing measured reads."""
    if database_url.startswith("sqlite://"):
        connection = sqlite3.connect(sqlite_path(database_url), isolation_level=None)
        connection.execute("PRAGMA synchronous = OFF")

        async def write() -> None:
            connection.execute(SMALL)

        yield write
        connection.close()
    else:
        settings = {"application_name": WRITER, "synchronous_commit": "off"}
        remote = await asyncpg.connect(database_url, server_settings=settings)

        async def write_there() -> None:
            await remote.execute(SMALL)

        yield write_there
        await remote.close()


@asynccontextmanager
async def writing(database_url: str, times_a_second: float) -> AsyncIterator[None]:
    """Meanwhile somebody writes so often; 0 is never."""
    if not times_a_second:
        yield
        return
    async with writer(database_url) as write:
        going = asyncio.create_task(_go_on(write, times_a_second))
        try:
            yield
        finally:
            going.cancel()
            await asyncio.wait([going])


async def _go_on(write: Write, times_a_second: float) -> None:
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in count(1):
        await write()
        await asyncio.sleep(began + number / times_a_second - loop.time())
