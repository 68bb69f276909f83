from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from schema.operations.fair_scheduling import SLICE_SECONDS, Turns

A_SLICE = SLICE_SECONDS * 1.1


class Clock:
    """Time passes only where a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("schema.operations.fair_scheduling.monotonic", made)
    return made


async def rounds(clock: Clock, *tasks: asyncio.Task[None]) -> list[float]:
    """How much time passed in each round of the loop until the tasks had ended."""
    seen = [clock.now]
    while not all(task.done() for task in tasks):
        await asyncio.sleep(0)
        seen.append(clock.now)
    return [after - before for before, after in pairwise(seen)]


async def test_many_who_begin_at_once_share_one_slice_of_a_round(clock: Clock) -> None:
    turns, begun = Turns(), list[int]()

    async def work(number: int) -> None:
        await turns.begin()
        begun.append(number)
        clock.now += SLICE_SECONDS * 0.4

    tasks = [asyncio.create_task(work(number)) for number in range(100)]
    spent = await rounds(clock, *tasks)
    assert max(spent) <= SLICE_SECONDS * 1.3, (
        "the slice, and what the last of the round began in it"
    )
    assert begun == list(range(100))


async def test_where_nobody_is_busy_nobody_waits(clock: Clock) -> None:
    turns, order = Turns(), list[str]()
    asyncio.get_running_loop().call_soon(order.append, "the next round")
    for _ in range(100):
        await turns.begin()
    order.append("begun")
    assert order == ["begun"]


async def test_a_small_one_waits_for_one_slice_of_many_large_ones(clock: Clock) -> None:
    turns, slices = Turns(), 0

    async def large() -> None:
        nonlocal slices
        await turns.begin()
        for _ in range(10):
            clock.now += A_SLICE
            slices += 1
            await turns.go_on()

    tasks = [asyncio.create_task(large()) for _ in range(20)]
    while slices < 60:  # noqa: ASYNC110 - each has begun
        await asyncio.sleep(0)
    before = slices
    await asyncio.create_task(turns.begin())
    assert slices - before <= 2, "what was called already, and one more"
    assert max(await rounds(clock, *tasks)) <= A_SLICE * 1.01
    assert slices == 200


async def test_a_large_one_ends_however_many_small_ones_come(clock: Clock) -> None:
    turns, small, done = Turns(), 0, False

    async def large() -> None:
        nonlocal done
        for _ in range(10):
            clock.now += A_SLICE
            await turns.go_on()
        done = True

    async def another() -> None:
        nonlocal small
        await turns.begin()
        small += 1
        clock.now += A_SLICE

    waiting = [asyncio.create_task(large())]
    while not done and len(waiting) < 1_000:
        waiting += [asyncio.create_task(another()) for _ in range(3)]
        await asyncio.sleep(0)
    assert done
    assert 5 <= small <= 20, "one of these for one of those"
    await asyncio.wait_for(asyncio.wait(waiting), 10)


async def test_who_leaves_while_waiting_holds_nobody_up(clock: Clock) -> None:
    turns, gone = Turns(), list[int]()

    async def work(number: int) -> None:
        await turns.begin()
        gone.append(number)
        clock.now += A_SLICE

    tasks = [asyncio.create_task(work(number)) for number in range(30)]
    await asyncio.sleep(0)
    for task in tasks[5:25]:
        task.cancel()
    await asyncio.wait_for(asyncio.wait(tasks), 10)
    assert gone == [*range(5), *range(25, 30)]
    await asyncio.wait_for(turns.begin(), 10)


def test_those_of_an_ended_loop_hold_nobody_up(clock: Clock) -> None:
    turns, ended = Turns(), asyncio.new_event_loop()

    async def leave_in_the_middle() -> None:
        await turns.begin()
        clock.now += A_SLICE
        ended.create_task(turns.begin())
        ended.stop()

    ended.create_task(leave_in_the_middle())
    ended.run_forever()
    abandoned = asyncio.all_tasks(ended)
    assert abandoned, "somebody was in line"
    asyncio.run(asyncio.wait_for(turns.begin(), 10))
    for task in abandoned:
        task.cancel()
    ended.run_until_complete(asyncio.gather(*abandoned, return_exceptions=True))
    ended.close()


async def test_many_whom_one_event_wakes_share_one_slice_of_a_round(clock: Clock) -> None:
    turns, woken, ended = Turns(), asyncio.Event(), list[int]()

    async def work(number: int) -> None:
        await woken.wait()
        await turns.resume()
        clock.now += SLICE_SECONDS * 0.4
        ended.append(number)

    tasks = [asyncio.create_task(work(number)) for number in range(100)]
    await asyncio.sleep(0)
    woken.set()
    assert max(await rounds(clock, *tasks)) <= SLICE_SECONDS * 1.3
    assert ended == list(range(100))
