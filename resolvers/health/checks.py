"""The list of checks, and running them.

`READY` are those that `/health/ready` asks, too: each is one cheap statement, and says what lies undone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

from resolvers.context import Context
from resolvers.health import (
    background,
    configuration,
    credentials,
    data_keys,
    database,
    machine,
)
from resolvers.health.findings import Finding, error
from resolvers.health.machine import Ping

SECONDS = 10.0
Check = Callable[[Context], Awaitable[Finding]]

DATABASE: tuple[tuple[str, Check], ...] = (
    ("database", database.answers),
    ("migrations", database.migrations),
    ("clock", database.clock),
    ("database disk", database.room),
    ("replica", database.replica_lag),
)
BACKGROUND: tuple[tuple[str, Check], ...] = (
    ("outbox", background.changes),
    ("jobs", background.jobs),
    ("refunds", background.refunds),
    ("worker", background.worker),
    ("webhooks", background.webhooks),
    ("data keys", data_keys.readable),
    ("demo", credentials.demo),
)
ELSEWHERE: tuple[tuple[str, Check], ...] = (
    ("environment", configuration.environment),
    ("secrets", configuration.secrets),
    ("text messages", configuration.text_messages),
    ("challenge", configuration.challenges),
    ("payments", configuration.payments),
    ("files", machine.files_folder),
    ("open files", machine.open_files),
)
READY: tuple[tuple[str, Check], ...] = (
    ("outbox", background.changes),
    ("worker", background.worker),
)


async def examine(ctx: Context, ping: Ping, *, connected: bool, behind: bool) -> list[Finding]:
    """Run every check that can be run.

    Without `connected` nothing is asked of the database. `behind`: migrations are missing, so tables may be.
    """
    checks: list[tuple[str, Check]] = [*ELSEWHERE, ("redis", partial(machine.redis, ping=ping))]
    if connected:
        checks = [*DATABASE, *([] if behind else BACKGROUND), *checks]
    return [await run(ctx, name, check) for name, check in checks]


async def run(ctx: Context, name: str, check: Check) -> Finding:
    """Run one check; whatever goes wrong is a finding, too."""
    try:
        async with asyncio.timeout(SECONDS):
            return await check(ctx)
    except TimeoutError:
        return error(name, f"No answer within {SECONDS:g} s.", "Look for what is busy or hangs.")
    except Exception as failed:  # noqa: BLE001 - a check that fails says so
        says = f"It cannot be told: {type(failed).__name__}: {failed}".splitlines()[0][:300]
        return error(name, says, "Mend what the findings before this one say, then ask again.")
