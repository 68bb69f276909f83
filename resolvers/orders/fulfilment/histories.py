"""The history of fulfilments: each step, who took it, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.deferred_writes import insert_later
from models.orders.fulfilments import Fulfilment, FulfilmentEvent
from models.orders.states import FulfilmentStatus
from resolvers.context import ActorKind, Context
from resolvers.permissions import for_anyone
from resolvers.slices import Slice, rows_of_each

_COLUMNS = (
    *("fulfilment_id", "actor_kind", "actor_id", "from_status", "to_status"),
    *("note", "created_at"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a history; the first one has no `from_status`."""

    created_at: datetime
    from_status: str | None
    to_status: str
    note: str | None = None
    actor_kind: str = ActorKind.SYSTEM
    actor_id: int | None = None


async def record(
    ctx: Context,
    steps: Sequence[tuple[int, FulfilmentStatus]],
    to_status: FulfilmentStatus,
    note: str | None = None,
) -> None:
    """Write that fulfilments, by ID and status before, came to `to_status`; in the caller's transaction."""
    note = note[:500] if note else None
    rows = [
        (row_id, str(ctx.actor.kind), ctx.actor.id, str(before), str(to_status), note, ctx.now())
        for row_id, before in steps
    ]
    await insert_later("fulfilment_event", _COLUMNS, rows)


@for_anyone
async def of_fulfilments(
    ctx: Context, rows: Sequence[Fulfilment], cut: Slice
) -> dict[int, list[Step]]:
    """The history of fulfilments that the caller has been shown, oldest first.

    It begins with the moment at which the place got the fulfilment, or before that with its placing.
    """
    after_the_first = Slice(cut.first, max(0, cut.skip - 1))
    events = await rows_of_each(
        FulfilmentEvent, "fulfilment_id", [row.id for row in rows], after_the_first
    )
    found = {row.id: [_step(event) for event in events[row.id]] for row in rows}
    if cut.skip:
        return found
    return {row.id: [_first(row), *found[row.id]][: cut.first] for row in rows}


def _first(row: Fulfilment) -> Step:
    return Step(row.assigned_at or row.created_at, None, FulfilmentStatus.OPEN)


def _step(row: FulfilmentEvent) -> Step:
    return Step(
        row.created_at, row.from_status, row.to_status, row.note, row.actor_kind, row.actor_id
    )
