"""A cache of acquired connections of an asyncpg pool; acquiring and releasing one costs two statements."""

from __future__ import annotations

from typing import Any

import asyncpg


class PooledConnections:
    """Keeps up to half of the pool's connections idle; when none is idle, the pool provides one."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._most = pool.get_max_size() // 2
        self._idle: list[Any] = []
        self._waiting = 0

    async def acquire(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not _is_closed(connection):
                return connection
            await self._pool.release(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire()
        finally:
            self._waiting -= 1

    async def release(self, connection: Any) -> None:
        """Keep the connection, or return it to the pool if a caller waits there."""
        if self._waiting or len(self._idle) >= self._most or _is_closed(connection):
            await self._pool.release(connection)
        else:
            self._idle.append(connection)

    async def return_to_pool(self, connection: Any) -> None:
        """Return a connection in an unknown state to the pool."""
        await self._pool.release(connection)

    async def close(self) -> None:
        while self._idle:
            await self._pool.release(self._idle.pop())


def _is_closed(connection: Any) -> bool:
    """Return whether a connection is closed; the pool has already taken back one that closed while idle."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True
