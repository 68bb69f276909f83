from __future__ import annotations

import asyncio
from typing import Any

import pytest

from models.database import transaction
from models.jobs import Job
from resolvers.background.jobs import CLAIM, LAST_RETRY, enqueue, run_due
from resolvers.context import Context
from tests.make.sales import later


async def _enqueue(ctx: Context, *numbers: int) -> None:
    for number in numbers:
        await enqueue(ctx, "count", {"number": number})


class Counting:
    """A handler that notes what it was given, and fails so many times first."""

    def __init__(self, failures: int = 0) -> None:
        self.seen: list[int] = []
        self._failures = failures

    async def __call__(self, ctx: Context, payload: dict[str, Any]) -> None:
        await asyncio.sleep(0)
        if self._failures:
            self._failures -= 1
            raise RuntimeError("the provider is away")
        self.seen.append(payload["number"])


async def test_a_job_runs_once(ctx: Context) -> None:
    count = Counting()
    await transaction(_enqueue, ctx, 1, 2)
    assert await run_due(ctx, {"count": count}) == 2
    assert await run_due(ctx, {"count": count}) == 0
    assert count.seen == [1, 2]
    assert await Job.all().count() == 0


async def test_a_job_of_a_transaction_that_failed_is_not_there(ctx: Context) -> None:
    async def fail() -> None:
        await _enqueue(ctx, 1)
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        await transaction(fail)
    assert await run_due(ctx, {"count": Counting()}) == 0


async def test_a_job_waits_for_its_moment(ctx: Context) -> None:
    count = Counting()
    await enqueue(ctx, "count", {"number": 1}, run_at=later(ctx, minutes=5).now())
    assert await run_due(ctx, {"count": count}) == 0
    assert await run_due(later(ctx, minutes=6), {"count": count}) == 1


async def test_workers_at_once_share_the_jobs(ctx: Context) -> None:
    count = Counting()
    await transaction(_enqueue, ctx, *range(30))
    done = await asyncio.gather(*(run_due(ctx, {"count": count}, limit=10) for _ in range(5)))
    assert sum(done) == 30
    assert sorted(count.seen) == list(range(30))


async def test_a_failure_is_noted_and_tried_again_later(ctx: Context) -> None:
    count = Counting(failures=2)
    await transaction(_enqueue, ctx, 1)
    assert await run_due(ctx, {"count": count}) == 0
    job = await Job.get()
    assert (job.attempts, job.locked_until) == (1, None)
    assert job.last_error == "RuntimeError: the provider is away"
    assert await run_due(ctx, {"count": count}) == 0
    assert count.seen == []
    for _ in range(2):
        ctx = later(ctx, seconds=LAST_RETRY.total_seconds())
        await run_due(ctx, {"count": count})
    assert count.seen == [1]


async def test_a_worker_that_died_lets_go_of_its_job(ctx: Context) -> None:
    count = Counting()
    await transaction(_enqueue, ctx, 1)
    await Job.filter(kind="count").update(locked_until=ctx.now() + CLAIM)
    assert await run_due(ctx, {"count": count}) == 0
    after = later(ctx, seconds=CLAIM.total_seconds() + 1)
    assert await run_due(after, {"count": count}) == 1


async def test_jobs_of_other_kinds_are_left_alone(ctx: Context) -> None:
    await transaction(_enqueue, ctx, 1)
    assert await run_due(ctx, {"other": Counting()}) == 0
    assert (await Job.get()).attempts == 0
