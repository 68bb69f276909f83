"""Connections of an asyncpg pool that stay at hand: to acquire and release one costs two statements."""

from __future__ import annotations

from typing import Any

import asyncpg


class PooledConnections:
    """Keeps up to half of the pool's connections; when none is at hand, the pool is asked as usual."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._most = pool.get_max_size() // 2
        self._idle: list[Any] = []
        self._waiting = 0

    async def take(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not _is_lost(connection):
                return connection
            await self._pool.release(connection)
        self._waiting += 1
        try:
            return await self._pool.acquire()
        finally:
            self._waiting -= 1

    async def put_back(self, connection: Any) -> None:
        """Whoever waits at the pool comes first."""
        if self._waiting or len(self._idle) >= self._most or _is_lost(connection):
            await self._pool.release(connection)
        else:
            self._idle.append(connection)

    async def give_up(self, connection: Any) -> None:
        """A connection whose state nobody knows is the pool's affair."""
        await self._pool.release(connection)

    async def close(self) -> None:
        while self._idle:
            await self._pool.release(self._idle.pop())


def _is_lost(connection: Any) -> bool:
    """Whether a connection is closed; the pool has taken one back that was closed while it was at hand."""
    try:
        return bool(connection.is_closed())
    except asyncpg.InterfaceError:
        return True
