from __future__ import annotations

import asyncio
from itertools import pairwise

from schema.turns import AT_ONCE, Turns


async def test_few_go_on_at_a_time_in_order_and_others_come_in_between() -> None:
    turns, gone = Turns(), list[int]()

    async def busy(number: int) -> None:
        await turns.take()
        gone.append(number)

    tasks = [asyncio.create_task(busy(number)) for number in range(10 * AT_ONCE)]
    seen = [0]
    while len(gone) < len(tasks):
        await asyncio.sleep(0)
        seen.append(len(gone))
    assert max(after - before for before, after in pairwise(seen)) <= AT_ONCE
    assert gone == list(range(10 * AT_ONCE))
    await asyncio.wait_for(turns.take(), 10)


async def test_one_who_leaves_while_waiting_holds_nobody_up() -> None:
    turns, gone = Turns(), list[int]()

    async def busy(number: int) -> None:
        await turns.take()
        gone.append(number)

    tasks = [asyncio.create_task(busy(number)) for number in range(3 * AT_ONCE)]
    await asyncio.sleep(0)
    for task in tasks[-5:]:
        task.cancel()
    await asyncio.wait_for(asyncio.wait(tasks), 10)
    assert len(gone) == 3 * AT_ONCE - 5
