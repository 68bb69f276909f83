"""The history of fulfilments: each step, who took it, and when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.later import insert_later
from models.orders.fulfilments import Fulfilment, FulfilmentEvent
from models.orders.states import FulfilmentStatus
from resolvers.context import ActorKind, Context
from resolvers.permissions import for_anyone

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
async def of_fulfilments(ctx: Context, rows: Sequence[Fulfilment]) -> dict[int, list[Step]]:
    """The history of fulfilments that the caller has been shown, oldest first.

    It begins with the moment at which the place got the fulfilment, or before that with its placing.
    """
    found = {
        row.id: [Step(row.assigned_at or row.created_at, None, FulfilmentStatus.OPEN)]
        for row in rows
    }
    for event in await FulfilmentEvent.filter(fulfilment_id__in=list(found)).order_by("id"):
        found[event.fulfilment_id].append(
            Step(
                event.created_at,
                event.from_status,
                event.to_status,
                event.note,
                event.actor_kind,
                event.actor_id,
            )
        )
    return found
