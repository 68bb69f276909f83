"""What happens without being asked: numbering changes, running jobs, sweeping what is due.

Every task may run in any number of processes at once: each claims or guards the rows it touches, and
nothing depends on a task having run (an expired hold counts as available before it is swept).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

import structlog

from models.database_faults import fault_of
from models.outages import database_faults
from resolvers.accounts.sign_in import origins
from resolvers.accounts.staff import invitations
from resolvers.background import retention
from resolvers.background.jobs import run_due
from resolvers.background.outbox import give_sequences
from resolvers.background.pausing import pause
from resolvers.background.repeated_failures import RepeatedFailures
from resolvers.catalog.search.indexing import rank_sales
from resolvers.context import Context
from resolvers.integrations import retention as integrations_retention
from resolvers.integrations.bulk import running as bulk_running
from resolvers.integrations.bulk.running import ReadJson, Translate
from resolvers.integrations.webhooks.delivery import deliver_forever
from resolvers.orders import acceptance_timeout, cancelling, pickups
from resolvers.orders.fulfilment import completion
from resolvers.orders.payment import refunds
from resolvers.referrals import binding, commissions
from resolvers.stock.allocation import backorder_allocation
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.costs import costs
from resolvers.stock.ledger import checkpoints

# How long tasks rest when the database is away.
REST_SECONDS = 5.0
_failures = RepeatedFailures(structlog.get_logger(__name__))


@dataclass(frozen=True, slots=True)
class Task:
    """`work` runs every so many seconds; it answers how much it did, and at once again while it does."""

    name: str
    every_seconds: float
    work: Callable[[Context], Awaitable[int]]


async def _number_changes(ctx: Context) -> int:
    return await give_sequences()


async def _run_jobs(ctx: Context) -> int:
    return await run_due(ctx, {**refunds.HANDLERS, **invitations.HANDLERS})


async def _add_up_the_ledger(ctx: Context) -> int:
    await checkpoints.advance(ctx)
    return 0  # one pass is all there is to do


TASKS = (
    Task("number changes", 1, _number_changes),
    Task("run jobs", 1, _run_jobs),
    Task("cancel unpaid orders", 5, cancelling.expire_due),
    Task("fill backorders", 5, backorder_allocation.fill_due),
    Task("release expired holds", 15, allocation_holds.release_expired),
    Task("re-route overdue", 30, acceptance_timeout.reroute_overdue),
    Task("expire pickups", 60, pickups.expire_pickups),
    Task("complete orders", 60, completion.complete_due),
    Task("release commissions", 60, commissions.release_due),
    Task("end bindings", 300, binding.end_due),
    Task("forget old changes", 300, integrations_retention.forget_changes),
    Task("forget old deliveries", 300, integrations_retention.forget_deliveries),
    Task("forget old files", 3600, integrations_retention.forget_files),
    Task("forget old codes", 3600, retention.forget_codes),
    Task("forget old sessions", 3600, retention.forget_sessions),
    Task("forget abandoned carts", 3600, retention.forget_carts),
    Task("forget idle guests", 3600, retention.forget_guests),
    Task("forget idempotency keys", 3600, retention.forget_idempotency_keys),
    Task("forget old tickets", 3600, retention.forget_tickets),
    Task("forget old addresses", 3600, retention.forget_addresses),
    Task("forget old looks at contacts", 3600, retention.forget_contact_looks),
    Task("forget old origins", 3600, origins.forget_old),
    Task("add up the ledger", 3600, _add_up_the_ledger),
    Task("rank by sales", 3600, rank_sales),
    Task("settle costs", 300, costs.settle_due),
)


async def run(
    ctx: Context,
    read_json: ReadJson,
    translate: Translate,
    stopping: asyncio.Event | None = None,
) -> None:
    """Run every task until `stopping`, and end when each has finished what it had begun.

    Cancelled, they give back what they have claimed. A file takes long, so work on one is cancelled at once:
    whoever is next goes on behind its last chunk. The API lends how it reads rows of JSON, and its
    languages.
    """
    stopping = stopping or asyncio.Event()
    work = partial(bulk_running.run_due, read_json=read_json, translate=translate)
    files = Task("work through files", 1, work)
    async with asyncio.TaskGroup() as group:
        group.create_task(deliver_forever(ctx, stopping), name="deliver webhooks")
        for task in TASKS:
            group.create_task(_repeat(ctx, task, stopping), name=task.name)
        working = group.create_task(_repeat(ctx, files, stopping), name=files.name)
        await stopping.wait()
        working.cancel()


async def _repeat(ctx: Context, task: Task, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        done = await _attempt(ctx, task)
        if not done:
            rest = REST_SECONDS if done is None else 0
            await pause(stopping, max(rest, task.every_seconds))


async def _attempt(ctx: Context, task: Task) -> int | None:
    """One round; whatever goes wrong is logged, and the next round tries again.

    Returns None where the database is at fault, which is logged once for all tasks.
    """
    try:
        return await task.work(ctx)
    except Exception as error:  # noqa: BLE001 - logged, and tried again
        if fault := fault_of(error):
            database_faults.met(fault)
            return None
        _failures.log(task.name, error, "task failed", task=task.name)
        return 0
