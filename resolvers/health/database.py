"""Checks of the database itself: answers, migrations, clock, room, replica."""

from __future__ import annotations

import asyncio
import shutil
import time
from datetime import UTC, datetime
from pathlib import Path

from models import migrating
from models.config import sqlite_path
from models.database import fetch, is_postgres
from models.opening import missing_tables
from models.replica_lag import LOST, bytes_behind
from resolvers.context import Context
from resolvers.health.findings import Finding, error, ok, warning

SLOW_SECONDS = 0.25
DRIFT_SECONDS, WRONG_SECONDS = 1.0, 30.0
# With less a day's work may be the one that fails; with the least a purchase may.
SPARE_BYTES, LEAST_BYTES = 1_000_000_000, 50_000_000
REPLICA_BYTES = 16 * 1024 * 1024


async def answers(ctx: Context) -> Finding:
    started = time.perf_counter()
    await fetch("SELECT 1")
    seconds = time.perf_counter() - started
    kind = "PostgreSQL" if is_postgres() else "SQLite"
    says = f"{kind} answers in {seconds * 1000:.1f} ms."
    if seconds < SLOW_SECONDS:
        return ok("database", says)
    mend = "Look for long transactions, a busy disk or a distant network."
    return warning("database", says, mend)


async def migrations(ctx: Context) -> Finding:
    if newer := await migrating.unknown():
        says = f"The database has migrations that this version does not know: {', '.join(newer)}."
        return error("migrations", says, "Run the newer version, or restore a backup.")
    if behind := await migrating.pending():
        says = f"The database lacks {len(behind)} migrations, the first is {behind[0]}."
        return error("migrations", says, "Run: python cli.py migrate")
    if missing := await missing_tables():
        says = f"Every migration is said to be applied, but there is no table {', '.join(missing)}."
        return error("migrations", says, "Restore a backup.")
    return ok("migrations", "Every migration of this version is applied, and no other.")


async def clock(ctx: Context) -> Finding:
    """Holds, tokens and codes expire by the clocks of the processes, which the database's stands for."""
    if not is_postgres():
        return ok("clock", "SQLite uses this machine's clock.")
    before = datetime.now(UTC)
    (row,) = await fetch("SELECT clock_timestamp() AS now")
    after = datetime.now(UTC)
    drift = abs((row["now"] - before - (after - before) / 2).total_seconds())
    says = f"This machine's clock and the database's differ by {drift:.2f} s."
    if drift <= DRIFT_SECONDS:
        return ok("clock", says)
    mend = "Run a time service, such as chrony, on both machines."
    return (error if drift > WRONG_SECONDS else warning)("clock", says, mend)


async def room(ctx: Context) -> Finding:
    if is_postgres():
        (row,) = await fetch("SELECT pg_database_size(current_database()) AS bytes")
        says = f"The database takes {_megabytes(row['bytes'])}; its server's disk cannot be seen from here."
        return ok("database disk", says)
    folder, taken = await asyncio.to_thread(_file, sqlite_path(ctx.settings.database_url))
    return await free_at(folder, "database disk", f"The database takes {_megabytes(taken)}")


async def free_at(folder: Path, name: str, begins: str) -> Finding:
    usage = await asyncio.to_thread(shutil.disk_usage, folder)
    says = f"{begins}; {_megabytes(usage.free)} of its disk are free."
    if usage.free > SPARE_BYTES:
        return ok(name, says)
    mend = "Free some of the disk, or move to a larger one."
    return (warning if usage.free > LEAST_BYTES else error)(name, says, mend)


async def replica_lag(ctx: Context) -> Finding:
    if not ctx.settings.replica_url:
        return ok("replica", "There is none.")
    try:
        behind = await bytes_behind(ctx.settings.replica_url)
    except LOST as lost:
        says = f"The replica does not answer: {type(lost).__name__}."
        return warning(
            "replica", says, "Look at the replica; until it answers the primary is read."
        )
    if behind is None:
        mend = "Point QUINTET_REPLICA_URL to a standby of this database, or empty it."
        return warning("replica", "The replica follows nobody: it has been promoted.", mend)
    says = f"The replica is {_megabytes(behind)} behind."
    if behind <= REPLICA_BYTES:
        return ok("replica", says)
    mend = "Look at the replica's load and network; until it keeps up the primary is read."
    return warning("replica", says, mend)


def _file(path: str) -> tuple[Path, int]:
    """The folder of a database of SQLite, and the bytes of its file and log."""
    file = Path(path).absolute()
    both = (file, file.with_name(f"{file.name}-wal"))
    return file.parent, sum(each.stat().st_size for each in both if each.exists())


def _megabytes(count: int) -> str:
    return f"{count / 1_000_000:,.0f} MB" if count >= 1_000_000 else f"{count / 1_000:,.0f} kB"
