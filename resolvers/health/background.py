"""Checks of the work in the background, by what it has left undone: a worker that hangs counts as none.

Nothing is overdue for long while one worker runs, however many there are, so no worker has to sign on.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from models.database import fetch
from models.orders.payments import RefundStatus
from resolvers.context import Context
from resolvers.health.findings import Finding, error, ok, warning

LATE, VERY_LATE = timedelta(seconds=30), timedelta(minutes=5)
# A claim lasts five minutes, so a job of a killed worker is late by as much.
JOB_LATE = timedelta(minutes=6)
HOLD_LATE = timedelta(minutes=2)
TRIES = 5
RUN_ONE = "Run python cli.py worker, or set QUINTET_EMBEDDED_WORKER=true; look into its log."


async def changes(ctx: Context) -> Finding:
    """The outbox: changes are numbered within a second, and told by their numbers."""
    (row,) = await fetch(
        "SELECT COUNT(*) AS waiting, MIN(created_at) AS oldest FROM ("
        "SELECT created_at FROM outbox_event WHERE sequence IS NULL ORDER BY id LIMIT 10000) AS events"
    )
    if not row["waiting"]:
        return ok("outbox", "Every change has its sequence.")
    late = ctx.clock() - moment(row["oldest"])
    says = f"{row['waiting']} changes wait for their sequence, the oldest for {_time(late)}."
    if late < LATE:
        return ok("outbox", says)
    return (error if late > VERY_LATE else warning)("outbox", says, RUN_ONE)


async def jobs(ctx: Context) -> Finding:
    now = ctx.clock()
    (row,) = await fetch(
        "SELECT COUNT(*) AS waiting, SUM(CASE WHEN run_at < ? AND (locked_until IS NULL OR locked_until < ?)"
        " THEN 1 ELSE 0 END) AS overdue, SUM(CASE WHEN attempts >= ? THEN 1 ELSE 0 END) AS failing FROM job",
        now - JOB_LATE,
        now,
        TRIES,
    )
    if row["overdue"]:
        says = f"{row['overdue']} jobs are overdue, such as refunds."
        return error("jobs", says, RUN_ONE)
    if row["failing"]:
        says = f"{row['failing']} jobs have failed {TRIES} times or more."
        return warning(
            "jobs", says, "Look for «job failed» in the log: a provider may refuse them."
        )
    return ok("jobs", f"{row['waiting']} jobs wait, none is overdue.")


async def refunds(ctx: Context) -> Finding:
    """A refund goes back by the provider that took the money, which may be gone from the settings."""
    rows = await fetch(
        "SELECT p.provider, n.code, COUNT(*) AS waiting FROM refund r"
        " JOIN payment p ON p.id = r.payment_id JOIN sales_order o ON o.id = p.order_id"
        " JOIN organisation n ON n.id = o.merchant_id"
        " WHERE r.status = ? GROUP BY p.provider, n.code ORDER BY p.provider, n.code",
        str(RefundStatus.REQUESTED),
    )
    gone = [row for row in rows if not ctx.gateways.payment(row["code"], row["provider"])]
    if gone:
        waiting = sum(row["waiting"] for row in gone)
        names = sorted({row["provider"] for row in gone})
        says = f"{waiting} refunds wait for {', '.join(names)}, which is not configured."
        return error("refunds", says, "Configure it again: they are tried until it takes them.")
    return ok("refunds", f"{sum(row['waiting'] for row in rows)} refunds wait for a provider.")


async def worker(ctx: Context) -> Finding:
    """Expired holds count as available at once; that nobody releases them shows that no worker runs."""
    (row,) = await fetch(
        "SELECT COUNT(*) AS stale FROM (SELECT id FROM stock_hold"
        " WHERE status = 'HELD' AND expires_at < ? LIMIT 1000) AS holds",
        ctx.clock() - HOLD_LATE,
    )
    where = "in the servers" if ctx.settings.embedded_worker else "apart from the servers"
    if not row["stale"]:
        return ok("worker", f"Nothing that a worker does is left undone; it runs {where}.")
    says = f"{row['stale']} expired holds were not released: no worker runs, or it hangs."
    return error("worker", says, RUN_ONE)


async def webhooks(ctx: Context) -> Finding:
    (row,) = await fetch(
        "SELECT COUNT(*) AS webhooks, SUM(CASE WHEN failures >= 5 THEN 1 ELSE 0 END) AS failing FROM webhook"
        " WHERE active"
    )
    if not row["failing"]:
        return ok("webhooks", f"{row['webhooks']} webhooks are active, none fails.")
    says = f"{row['failing']} of {row['webhooks']} active webhooks fail."
    return warning("webhooks", says, "Ask webhooks { url lastError } and tell their owners.")


def moment(value: datetime | str) -> datetime:
    """SQLite gives text as Tortoise wrote it."""
    return datetime.fromisoformat(value) if isinstance(value, str) else value


def _time(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    return f"{seconds} s" if seconds < 120 else f"{seconds // 60} min"
