"""Deliveries that their place has not accepted, though it was open for long enough: the next takes them."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.database import transaction
from models.orders.fulfilments import Fulfilment
from models.orders.states import FulfilmentStatus
from models.stores.hours import is_open, next_opening, opening_minutes_between
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.orders.fulfilment.fulfilments import lock
from resolvers.orders.rerouting import move_on
from resolvers.stores.locations import hours_of


async def reroute_overdue(ctx: Context, limit: int = 100) -> int:
    """Send on what was not accepted in time; answers how many. Where nobody else has it, it stays."""
    due = Fulfilment.filter(status=FulfilmentStatus.OPEN, accept_due_at__lte=ctx.now())
    ids = [row.id for row in await due.order_by("accept_due_at").limit(limit).only("id")]
    return sum([await transaction(_move_on_if_overdue, ctx, row_id) for row_id in ids])


async def _move_on_if_overdue(ctx: Context, fulfilment_id: int) -> bool:
    order, fulfilment = await lock(await Fulfilment.get(id=fulfilment_id))
    due_at = fulfilment.accept_due_at
    if fulfilment.status is not FulfilmentStatus.OPEN or due_at is None or due_at > ctx.now():
        return False
    if (look_at := _still_in_time_until(ctx, fulfilment)) is not None:
        await Fulfilment.filter(id=fulfilment.id).update(accept_due_at=look_at)
        return False
    if await move_on(ctx, order, fulfilment, "Not accepted in time."):
        return True
    # Nobody else has it now; somebody may have it later.
    again_at = ctx.now() + timedelta(minutes=max(1, ctx.settings.accept_minutes))
    await Fulfilment.filter(id=fulfilment.id).update(accept_due_at=again_at)
    return False


def _still_in_time_until(ctx: Context, fulfilment: Fulfilment) -> datetime | None:
    """The earliest moment at which the place can have been open for long enough; None: it has been."""
    place: Location = fulfilment.location
    hours, timezone, now = hours_of(place), ZoneInfo(place.timezone), ctx.now()
    had = opening_minutes_between(hours, fulfilment.assigned_at or now, now, timezone)
    missing = ctx.settings.accept_minutes - had
    if missing <= 0:
        return None
    opens = now if is_open(hours, now, timezone) else next_opening(hours, now, timezone)
    return (opens or now) + timedelta(minutes=missing)
