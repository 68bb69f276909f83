"""Hundreds of WebSockets that are opened at once leave the event loop to others."""

from __future__ import annotations

import asyncio
from functools import partial
from itertools import pairwise

import pytest

from serving.upgrades import AT_ONCE, Upgrades


async def test_a_few_in_each_round_in_the_order_in_which_they_came() -> None:
    upgrades, loop, done = Upgrades(), asyncio.get_running_loop(), list[int]()
    for number in range(3 * AT_ONCE + 1):
        upgrades.add(loop, lambda number=number: done.append(number))  # type: ignore[misc]
    seen = [len(done)]
    while len(done) <= 3 * AT_ONCE:
        await asyncio.sleep(0)
        seen.append(len(done))
    assert max(after - before for before, after in pairwise(seen)) == AT_ONCE
    assert done == list(range(3 * AT_ONCE + 1))


async def test_one_that_comes_later_is_begun_as_well() -> None:
    upgrades, loop, done = Upgrades(), asyncio.get_running_loop(), list[str]()
    for name in ("first", "second"):
        upgrades.add(loop, lambda name=name: done.append(name))  # type: ignore[misc]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert done == ["first", "second"]


async def test_one_that_fails_stops_none_of_the_others(caplog: pytest.LogCaptureFixture) -> None:
    upgrades, loop, done = Upgrades(), asyncio.get_running_loop(), list[int]()

    def upgrade(number: int) -> None:
        if number % 7 == 0:
            raise ValueError(number)
        done.append(number)

    for number in range(2 * AT_ONCE):
        upgrades.add(loop, partial(upgrade, number))
    for _ in range(5):
        await asyncio.sleep(0)
    assert done == [number for number in range(2 * AT_ONCE) if number % 7]
    assert "an upgrade to a WebSocket failed" in caplog.text
