"""A pool of asyncpg that waits for a silent database no longer than it must."""

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
    """Leaves a connection to itself that cannot be released in time.

    Whoever is cancelled while a statement runs has the database end the statement first, over a connection of
    its own. To one that takes connections and says nothing, asyncpg waits for ever.
    """

    async def release(self, connection: Any, *, timeout: float | None = None) -> None:  # noqa: ASYNC109 - asyncpg's
        # One that is lost at this very moment has been released already.
        with suppress(TimeoutError, asyncpg.InternalClientError):
            await super().release(connection, timeout=timeout or GIVE_UP_SECONDS)


async def create_pool(**options: Any) -> BoundedPool:
    """Open a pool, as `asyncpg.create_pool` does."""
    return await BoundedPool(None, **(_DEFAULTS | options))
