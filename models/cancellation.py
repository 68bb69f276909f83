"""Coroutines that finish before their caller's cancellation takes effect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec

P = ParamSpec("P")


def to_the_end(
    work: Callable[P, Coroutine[Any, Any, None]],
) -> Callable[P, Coroutine[Any, Any, None]]:
    """Run the whole coroutine; a cancellation takes effect after it has finished."""

    @wraps(work)
    async def done(*arguments: P.args, **options: P.kwargs) -> None:
        doing = asyncio.create_task(work(*arguments, **options))
        try:
            await asyncio.shield(doing)
        except asyncio.CancelledError:
            await asyncio.wait([doing])
            raise

    return done
