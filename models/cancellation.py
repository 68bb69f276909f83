"""What must not be left half done when whoever waits for it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec

P = ParamSpec("P")


def to_the_end(
    work: Callable[P, Coroutine[Any, Any, None]],
) -> Callable[P, Coroutine[Any, Any, None]]:
    """Do all of it; who is cancelled meanwhile is cancelled after it."""

    @wraps(work)
    async def done(*arguments: P.args, **options: P.kwargs) -> None:
        doing = asyncio.create_task(work(*arguments, **options))
        try:
            await asyncio.shield(doing)
        except asyncio.CancelledError:
            await asyncio.wait([doing])
            raise

    return done
