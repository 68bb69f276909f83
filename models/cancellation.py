"""Coroutines that finish before their caller's cancellation takes effect."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec

P = ParamSpec("P")


def run_to_completion(
    work: Callable[P, Coroutine[Any, Any, None]],
) -> Callable[P, Coroutine[Any, Any, None]]:
    """Run the whole coroutine; a cancellation takes effect after it has finished."""

    @wraps(work)
    async def wrapper(*arguments: P.args, **options: P.kwargs) -> None:
        task = asyncio.create_task(work(*arguments, **options))
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            await asyncio.wait([task])
            raise

    return wrapper
