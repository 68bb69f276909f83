"""Work to do after a commit: recorded in the transaction that decides it, done outside of any.

A job runs at least once, so its handler must be safe to run again. A worker claims a job for a few
minutes; one that dies lets the claim run out. A job that fails is tried again, ever less often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog

from models.database import fetch, is_postgres, marks, transaction
from models.database_faults import fault_of
from models.error_text import message_of
from models.jobs import Job
from resolvers.background.repeated_failures import RepeatedFailures
from resolvers.context import Context

Handler = Callable[[Context, dict[str, Any]], Awaitable[None]]
Handlers = Mapping[str, Handler]

CLAIM = timedelta(minutes=5)
FIRST_RETRY = timedelta(seconds=5)
LAST_RETRY = timedelta(hours=1)
# In a payload, the trace that the job was recorded in.
_TRACE = "traceparent"
_failures = RepeatedFailures(structlog.get_logger(__name__))


async def enqueue(
    ctx: Context, kind: str, payload: dict[str, Any], run_at: datetime | None = None
) -> None:
    """Record a job with the running transaction; it is due at once unless told otherwise."""
    if traceparent := ctx.gateways.traces.traceparent():
        payload = {**payload, _TRACE: traceparent}
    await Job.create(kind=kind, payload=payload, run_at=run_at or ctx.now())


async def run_due(ctx: Context, handlers: Handlers, limit: int = 20) -> int:
    """Run the jobs that are due; answers how many succeeded."""
    jobs = await transaction(_claim, ctx, tuple(handlers), limit)
    done = 0
    while jobs:
        try:
            done += await _run(ctx, handlers, jobs[0])
        except asyncio.CancelledError:
            # The worker is being stopped: the next one need not wait.
            await transaction(_give_back, jobs)
            raise
        jobs.pop(0)
    return done


async def _claim(ctx: Context, kinds: tuple[str, ...], limit: int) -> list[Job]:
    skip = " FOR UPDATE SKIP LOCKED" if is_postgres() else ""
    now = ctx.now()
    claimed = await fetch(
        "UPDATE job SET locked_until = ?, attempts = attempts + 1 WHERE id IN ("
        "SELECT id FROM job WHERE run_at <= ? AND (locked_until IS NULL OR locked_until <= ?)"
        f" AND kind IN ({marks(kinds)}) ORDER BY run_at, id LIMIT {limit}{skip}) RETURNING id",
        now + CLAIM,
        now,
        now,
        *kinds,
    )
    return await Job.filter(id__in=[row["id"] for row in claimed]).order_by("id")


async def _run(ctx: Context, handlers: Handlers, job: Job) -> bool:
    try:
        with ctx.gateways.traces.span(f"job {job.kind}", job.payload.get(_TRACE)):
            await handlers[job.kind](ctx, job.payload)
    except Exception as error:
        if fault_of(error):
            raise
        _failures.log(
            job.kind, error, "job failed", job=job.id, kind=job.kind, attempts=job.attempts
        )
        said = f"{type(error).__name__}: {message_of(error)}"
        await transaction(_postpone, ctx, job, said[:2000])
        return False
    await transaction(_done, job)
    return True


async def _give_back(jobs: Sequence[Job]) -> None:
    await Job.filter(id__in=[job.id for job in jobs]).update(locked_until=None)


async def _done(job: Job) -> None:
    await Job.filter(id=job.id).delete()


async def _postpone(ctx: Context, job: Job, error: str) -> None:
    wait = min(LAST_RETRY, FIRST_RETRY * 2 ** min(job.attempts - 1, 20))
    await Job.filter(id=job.id).update(run_at=ctx.now() + wait, locked_until=None, last_error=error)
