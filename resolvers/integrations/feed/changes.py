"""The one feed that an ERP reads: every change in its territory, in commit order, from any point."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from tortoise.expressions import Subquery
from tortoise.queryset import QuerySet

from models.accounts.organisations import Organisation
from models.accounts.roles import Permission
from models.database import fetch, marks
from models.outbox import OutboxEvent, Topic
from resolvers.accounts.organisations.organisations import within_reach
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
from resolvers.sql_pagination import checked_key, kept

WINDOW = 20_000
_SEQUENCE = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeQuery:
    """Changes on these topics at or below a node; what is None cuts nothing."""

    types: Sequence[Topic] | None = None
    organisation_code: str | None = None


@requires(Permission.CHANGES_READ)
async def page(ctx: Context, wanted: ChangeQuery, request: PageRequest) -> Page[OutboxEvent]:
    """The wanted of the changes in the caller's territory, oldest first.

    One page looks at so many sequences at most, whoever they belong to: it may hold few or none and
    still have a next.

    `after` is a cursor, or the number of a sequence, which goes with any filter.

    Raises: InvalidInput, NotFound for a node outside the caller's territory, Expired where changes after
    it are no longer kept.
    """
    topics, nodes = _topics(wanted.types), await _nodes(ctx, wanted.organisation_code)
    tie = f"changes {topics} {wanted.organisation_code}"
    await give_sequences()
    if request.after and _SEQUENCE.fullmatch(request.after):
        request = replace(request, after=cursor_of([int(request.after)], tie))
    after = 0
    if request.after is not None:
        (after,) = checked_key(request.after, tie, (int,), "after")
    last = await last_sequence()
    upto = min(last, max(after, await oldest_sequence() - 1) + WINDOW)
    query = OutboxEvent.filter(
        sequence__gt=after, sequence__lte=upto, organisation_id__in=Subquery(nodes.values("id"))
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


async def _nodes(ctx: Context, code: str | None) -> QuerySet[Organisation]:
    """The nodes whose changes the caller may read, at or below the one with this code if there is one."""
    nodes, permission = Organisation.all(), Permission.CHANGES_READ
    if code is not None:
        node = await within_reach(ctx, kept(code), permission, "filter", "organisationCode")
        nodes = nodes.filter(path__startswith=node.path)
    return scoped(nodes, ctx, permission, "")


def _topics(types: Sequence[Topic] | None) -> list[str]:
    """None for all."""
    topics = {str(each) for each in types or ()}
    return [] if Topic.ALL in topics else sorted(topics)
