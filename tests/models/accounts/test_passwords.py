from __future__ import annotations

import asyncio
import os
import sys
import threading

import pytest
from argon2 import Type

from models.accounts import passwords
from models.accounts.passwords import (
    HASHER,
    HASHING_THREADS,
    MAXIMUM_WAITING,
    NO_PASSWORD,
    Hashing,
    HashingBusy,
    hash_password,
    verify_password,
)


@pytest.fixture(autouse=True)
def own_hasher(monkeypatch: pytest.MonkeyPatch) -> None:
    """That of the product, which all other tests replace by a quick one."""
    monkeypatch.setattr(passwords, "HASHER", HASHER)


def test_hashing_takes_as_long_and_as_much_memory_as_owasp_asks_for() -> None:
    assert HASHER.type is Type.ID
    assert (HASHER.time_cost, HASHER.memory_cost, HASHER.parallelism) == (2, 19 * 1024, 1)


async def test_a_password_is_verified_by_its_hash_alone() -> None:
    hashed = await hash_password("quite-a-secret")
    assert "quite" not in hashed
    assert await verify_password("quite-a-secret", hashed)
    assert await verify_password("ｑｕｉｔｅ-a-secret", hashed)
    assert not await verify_password("quite-a-secret ", hashed)
    assert not await verify_password("quite-a-secret", None)
    assert not await verify_password("nobody has this password", None)
    assert not await verify_password("nobody has this password", NO_PASSWORD)
    assert not await verify_password("", NO_PASSWORD)
    assert not await verify_password("quite-a-secret", "no hash")
    assert not await verify_password("x" * 1_000_000, hashed)


async def test_few_hash_at_once_few_wait_and_all_else_goes_on() -> None:
    hashing, gate, running = Hashing(), threading.Event(), []
    loop, all_run = asyncio.get_running_loop(), asyncio.Event()

    def work() -> int:
        running.append(threading.current_thread().name)
        if len(running) == HASHING_THREADS:
            loop.call_soon_threadsafe(all_run.set)
        gate.wait(30)
        return len(running)

    taken = HASHING_THREADS + MAXIMUM_WAITING
    waiting = [asyncio.create_task(hashing.run(work)) for _ in range(taken)]
    await asyncio.wait_for(all_run.wait(), 10)  # the loop is free meanwhile
    with pytest.raises(HashingBusy) as refused:
        await hashing.run(work)
    assert refused.value.retry_after_seconds == 1
    assert len(running) == HASHING_THREADS
    waiting.pop().cancel()  # the client hangs up: the next one has the place
    await asyncio.sleep(0)
    waiting.append(asyncio.create_task(hashing.run(work)))
    await asyncio.sleep(0)
    gate.set()
    assert len(await asyncio.gather(*waiting)) == taken
    assert len(running) == taken
    assert len(set(running)) == HASHING_THREADS
    assert await hashing.run(lambda: "again") == "again"


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priorities of their own")
async def test_hashing_gives_way_to_the_thread_that_answers_requests() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    before = niceness()
    assert await Hashing().run(niceness) > before
    assert niceness() == before
