"""A caller who asks for much at once leaves connections to others."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

from models import database
from models.engine.shares import Shares, own_share
from resolvers.context import Context

SIZE = 3


class Readings:
    """Statements that run until they are told to end; how many of whom run at once."""

    def __init__(self, shares: Shares) -> None:
        self.shares = shares
        self.running: list[str] = []
        self.may_end = asyncio.Event()

    async def read(self, caller: str) -> None:
        with self.shares.of(caller):
            async with own_share():
                self.running.append(caller)
                await self.may_end.wait()

    async def begin(self, *callers: str) -> list[asyncio.Task[None]]:
        tasks = [asyncio.create_task(self.read(each)) for each in callers]
        for _ in range(5):
            await asyncio.sleep(0)
        return tasks


async def test_nobody_holds_more_than_a_share_and_others_have_theirs() -> None:
    readings = Readings(Shares(SIZE))
    tasks = await readings.begin(*["greedy"] * 20, "other")
    assert sorted(readings.running) == [*["greedy"] * SIZE, "other"]
    readings.may_end.set()
    await asyncio.gather(*tasks)
    assert readings.running.count("greedy") == 20


async def test_who_stops_waiting_takes_no_place() -> None:
    readings = Readings(Shares(SIZE))
    tasks = await readings.begin(*["greedy"] * (SIZE + 5))
    for each in tasks[SIZE:]:
        each.cancel()
    readings.may_end.set()
    await asyncio.wait(tasks)
    again = await readings.begin(*["greedy"] * SIZE)
    await asyncio.gather(*again)
    assert readings.running.count("greedy") == 2 * SIZE


async def test_a_share_is_the_callers_only_within() -> None:
    shares = Shares(1)
    with shares.of("one"):
        with shares.of("other"):
            other = own_share()
        assert own_share() is not other
    assert isinstance(own_share(), nullcontext)


async def test_a_share_of_the_real_pool(ctx: Context) -> None:
    """Slow statements of one caller at once; another caller's short one comes back before them."""
    slow = "SELECT pg_sleep(0.2)" if database.is_postgres() else LONG_ON_SQLITE
    order: list[str] = []

    async def ask(caller: str, query: str) -> None:
        with database.read_for(caller):
            await database.records(query)
        order.append(caller)

    greedy = [asyncio.create_task(ask("greedy", slow)) for _ in range(30)]
    await asyncio.sleep(0.02)
    await ask("other", "SELECT 1")
    assert order.index("other") < 15, "it did not wait in line behind all of them"
    await asyncio.gather(*greedy)
    assert order.count("greedy") == 30


LONG_ON_SQLITE = (
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)"
    " SELECT SUM(i) FROM n"
)
