"""An asyncpg pool with a time limit for releasing a connection to a silent database."""

from __future__ import annotations

from contextlib import suppress
from inspect import Parameter, signature
from typing import Any

import asyncpg

GIVE_UP_SECONDS = 2.0
_DEFAULTS = {
    each.name: each.default
    for each in signature(asyncpg.create_pool).parameters.values()
    if each.kind is Parameter.KEYWORD_ONLY
}


class BoundedPool(asyncpg.Pool):
    """A pool that abandons a connection which cannot be released in time.

    When a caller is cancelled while a statement runs, asyncpg first cancels the statement over another
    connection. If the database accepts that connection but does not respond, asyncpg waits without limit.
    """

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's
        # A connection that is lost at this moment has been released already.
        with suppress(TimeoutError, asyncpg.InternalClientError):
            await super().release(connection, timeout=timeout or GIVE_UP_SECONDS)


async def create_pool(**options: Any) -> BoundedPool:
    """Open a pool as `asyncpg.create_pool` does."""
    return await BoundedPool(None, **(_DEFAULTS | options))
