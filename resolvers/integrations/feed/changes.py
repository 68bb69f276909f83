"""The one feed that an ERP reads: every change in its territory, in commit order, from any point."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from tortoise.expressions import Subquery

from models.accounts.organisations import Organisation
from models.accounts.roles import Permission
from models.database import fetch, marks
from models.outbox import OutboxEvent, Topic
from resolvers.background.outbox import (
    give_sequences,
    last_sequence,
    oldest_sequence,
    refuse_forgotten,
)
from resolvers.context import Context
from resolvers.feed import batches
from resolvers.orm_pagination import Page, PageRequest, cursor_of, paginate
from resolvers.permissions import may, requires, scoped
from resolvers.sql_pagination import checked_key

WINDOW = 20_000
_SEQUENCE = re.compile(r"[0-9]{1,18}")


@requires(Permission.CHANGES_READ)
async def page(
    ctx: Context, types: Sequence[Topic] | None, request: PageRequest
) -> Page[OutboxEvent]:
    """Changes on these topics (none: on all) in the caller's territory, oldest first.

    One page looks at so many sequences at most, whoever they belong to: it may hold few or none and
    still have a next.

    `after` is a cursor, or the number of a sequence, which goes with any types.

    Raises: InvalidInput, Expired where changes after it are no longer kept.
    """
    topics = _topics(types)
    tie = f"changes {topics}"
    await give_sequences()
    if request.after and _SEQUENCE.fullmatch(request.after):
        request = replace(request, after=cursor_of([int(request.after)], tie))
    after = 0
    if request.after is not None:
        (after,) = checked_key(request.after, tie, (int,), "after")
    last = await last_sequence()
    upto = min(last, max(after, await oldest_sequence() - 1) + WINDOW)
    nodes = scoped(Organisation.all(), ctx, Permission.CHANGES_READ, "").values("id")
    query = OutboxEvent.filter(
        sequence__gt=after, sequence__lte=upto, organisation_id__in=Subquery(nodes)
    )
    if topics:
        query = query.filter(topic__in=topics)
    found = await paginate(query, request, ["sequence"], tie)
    if request.after is not None:
        await refuse_forgotten(after)  # last, as they may go while they are read
    if found.has_next or upto == last:
        return found
    # Nothing more up to there: the page ends behind its last row, or without one.
    return replace(found, has_next=True, cursors=[*found.cursors, cursor_of([upto], tie)])


@requires(Permission.CHANGES_READ)
async def follow(
    ctx: Context, types: Sequence[Topic] | None, after: int | None
) -> AsyncGenerator[OutboxEvent, None]:
    """The same changes after a sequence, then as they come."""
    return _follow(ctx, _topics(types), after)


async def _follow(
    ctx: Context, topics: Sequence[str], after: int | None
) -> AsyncGenerator[OutboxEvent, None]:
    reached: dict[int, bool] = {}  # by organisation; nodes never move
    async with aclosing(batches(ctx, topics, after)) as stream:
        async for events in stream:
            await _reach(ctx, {event.organisation_id or 0 for event in events}, reached)
            for event in events:
                if reached.get(event.organisation_id or 0):
                    yield event


async def _reach(ctx: Context, organisation_ids: set[int], reached: dict[int, bool]) -> None:
    """Note of each organisation whether the caller may read its changes."""
    unknown = sorted(organisation_ids - reached.keys())
    if unknown:
        rows = await fetch(
            f"SELECT id, path FROM organisation WHERE id IN ({marks(unknown)})", *unknown
        )
        reached.update({row["id"]: may(ctx, Permission.CHANGES_READ, row["path"]) for row in rows})


def _topics(types: Sequence[Topic] | None) -> list[str]:
    """None for all."""
    topics = {str(each) for each in types or ()}
    return [] if Topic.ALL in topics else sorted(topics)
