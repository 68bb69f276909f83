from __future__ import annotations

import asyncio

import pytest

from resolvers import single_flight_cache
from resolvers.single_flight_cache import Answers


class Finding:
    """Answers how often it was asked, once it is told to."""

    def __init__(self) -> None:
        self.times = 0
        self.go = asyncio.Event()
        self.fails = False

    async def __call__(self) -> int:
        self.times += 1
        times = self.times
        await self.go.wait()
        if self.fails:
            raise OSError
        return times


async def test_those_who_ask_at_once_are_answered_by_one_finding() -> None:
    known, find = Answers(), Finding()
    asking = [asyncio.create_task(known.get("key", find)) for _ in range(10)]
    other = asyncio.create_task(known.get("other", find))
    await asyncio.sleep(0)
    asking[0].cancel()  # whoever leaves takes nothing away from the others
    find.go.set()
    assert await asyncio.gather(*asking[1:], other) == [1] * 9 + [2]
    assert await known.get("key", find) == 1
    known.forget()
    assert await known.get("key", find) == 3


async def test_a_failure_is_not_kept() -> None:
    known, find = Answers(), Finding()
    find.fails = True
    find.go.set()
    failed = await asyncio.gather(
        *(known.get("key", find) for _ in range(3)), return_exceptions=True
    )
    assert [type(each) for each in failed] == [OSError] * 3
    find.fails = False
    assert await known.get("key", find) == 2


async def test_nothing_is_kept_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    known, find = Answers(), Finding()
    find.go.set()
    assert [await known.get(key, find) for key in ("a", "a", "b")] == [1, 1, 2]
    monkeypatch.setattr(single_flight_cache, "KEPT", 2)
    assert [await known.get(key, find) for key in ("a", "c")] == [3, 4]
    now = single_flight_cache.monotonic() + 2
    monkeypatch.setattr(single_flight_cache, "monotonic", lambda: now)
    assert await known.get("a", find) == 5
    now += single_flight_cache.KEPT_SECONDS / 2
    assert await known.get("a", find) == 5
    now += single_flight_cache.KEPT_SECONDS / 2
    assert await known.get("a", find) == 6
