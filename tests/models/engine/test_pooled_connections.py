"""Connections stay at hand, but nobody waits for one that lies idle."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from models.engine.postgres.pooled_connections import PooledConnections


class Connection:
    closed = False
    taken_back = False

    def is_closed(self) -> bool:
        if self.taken_back:
            raise asyncpg.InterfaceError("cannot call Connection.is_closed(): it has been released")
        return self.closed


class Pool:
    """As much of asyncpg's as is used, with four connections."""

    def __init__(self) -> None:
        self.free: asyncio.Queue[Connection] = asyncio.Queue()
        for _ in range(4):
            self.free.put_nowait(Connection())

    def get_max_size(self) -> int:
        return 4

    async def acquire(self) -> Connection:
        return await self.free.get()

    async def release(self, connection: Connection) -> None:
        if not connection.taken_back:
            self.free.put_nowait(Connection() if connection.closed else connection)


async def test_half_of_them_stay_at_hand_until_they_are_let_go() -> None:
    pool: Any = Pool()
    connections = PooledConnections(pool)
    taken = [await connections.acquire() for _ in range(4)]
    for each in taken:
        await connections.release(each)
    assert pool.free.qsize() == 2
    assert await connections.acquire() in taken
    await connections.close()
    assert pool.free.qsize() == 3


async def test_whoever_waits_at_the_pool_comes_first() -> None:
    pool: Any = Pool()
    connections = PooledConnections(pool)
    first, *others = [await connections.acquire() for _ in range(4)]
    waiting = [asyncio.create_task(connections.acquire()) for _ in range(2)]
    await asyncio.sleep(0)
    leaving = asyncio.create_task(connections.acquire())
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.wait([leaving])
    await connections.release(first)
    assert await waiting[0] is first
    await connections.release(others[0])
    assert await waiting[1] is others[0]
    await connections.release(first)
    assert pool.free.empty()


async def test_one_that_was_lost_is_not_used_again() -> None:
    pool: Any = Pool()
    connections = PooledConnections(pool)
    kept, lost = await connections.acquire(), await connections.acquire()
    await connections.release(kept)
    lost.closed = kept.closed = True
    await connections.release(lost)
    assert not (await connections.acquire()).closed
    assert pool.free.qsize() == 3


async def test_one_that_the_pool_took_back_meanwhile_fails_nobody() -> None:
    """So asyncpg does with a connection that the server ends while it is at hand."""
    pool: Any = Pool()
    connections = PooledConnections(pool)
    first, second = [await connections.acquire() for _ in range(2)]
    await connections.release(first)
    for each in (first, second):
        each.taken_back = True
        pool.free.put_nowait(Connection())
    await connections.release(second)
    assert pool.free.qsize() == 4
    assert await connections.acquire() not in (first, second)
    assert pool.free.qsize() == 3
