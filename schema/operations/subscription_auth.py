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
IDLE_SECONDS = 30.0  # how often they are looked at while nothing is sent and no change is noticed


def confirm(begun: Context, now: Context) -> None:
    """`now` comes of the same credentials as `begun`. Raises: PermissionDenied where rights differ."""
    before, after = begun.actor, now.actor
    same = (before.kind, before.id) == (after.kind, after.id)
    if not same or set(before.grants) != set(after.grants):
        raise PermissionDenied("Your rights have changed: subscribe again.")


async def while_confirmed(
    answers: AsyncGenerator[T, None],
    confirmed: Callable[[], Awaitable[None]],
    changed: asyncio.Event,
) -> AsyncGenerator[T, None]:
    """Yield the answers for as long as `confirmed` raises nothing; what it raises ends them.

    `changed` is set when rights may have changed.
    """
    looked_at = monotonic()
    coming = asyncio.ensure_future(anext(answers))
    noticing = asyncio.ensure_future(changed.wait())
    try:
        while True:
            await asyncio.wait(
                {coming, noticing}, timeout=IDLE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            noticed = noticing.done()
            if noticed:
                changed.clear()
                noticing = asyncio.ensure_future(changed.wait())
            if noticed or not coming.done() or monotonic() - looked_at >= FRESH_SECONDS:
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
        noticing.cancel()
        await asyncio.wait({coming, noticing})
