"""Subscriptions end soon after the credentials or the rights that they began with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from time import monotonic
from typing import TypeVar

from models.errors import PermissionDenied
from resolvers.context import Context

T = TypeVar("T")

FRESH_SECONDS = 5.0  # nothing is sent on rights that were looked at longer ago
IDLE_SECONDS = 30.0  # how often they are looked at while nothing is sent


def confirm(begun: Context, now: Context) -> None:
    """`now` comes of the same credentials as `begun`. Raises: PermissionDenied where rights differ."""
    before, after = begun.actor, now.actor
    same = (before.kind, before.id) == (after.kind, after.id)
    if not same or set(before.grants) != set(after.grants):
        raise PermissionDenied("Your rights have changed: subscribe again.")


async def while_confirmed(
    answers: AsyncGenerator[T, None], confirmed: Callable[[], Awaitable[None]]
) -> AsyncGenerator[T, None]:
    """The answers, for as long as `confirmed` raises nothing; what it raises ends them."""
    looked_at = monotonic()
    coming = asyncio.ensure_future(anext(answers))
    try:
        while True:
            await asyncio.wait({coming}, timeout=IDLE_SECONDS)
            if not coming.done() or monotonic() - looked_at >= FRESH_SECONDS:
                await confirmed()
                looked_at = monotonic()
            if coming.done():
                try:
                    answer = coming.result()
                except StopAsyncIteration:
                    return
                yield answer
                coming = asyncio.ensure_future(anext(answers))
    finally:
        coming.cancel()
        await asyncio.wait({coming})
