"""A paid fulfilment becomes a store's work: its ticket is queued, its pickup code made."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from models.deferred_writes import update_later
from models.orders.orders import Order
from models.orders.pickup import RANDOM_BYTES, pickup_code
from models.orders.states import FulfilmentMethod
from resolvers.background.outbox import Change
from resolvers.context import Context
from resolvers.orders.fulfilment import tickets
from resolvers.orders.fulfilment.snapshot import FulfilmentSnapshot
from resolvers.orders.orders import subject_of

_ASSIGNED = (
    *("id", "assigned_at", "updated_at", "pickup_code", "pickup_expires_at"),
    "accept_due_at",
)


async def assign(ctx: Context, order: Order, parts: Sequence[FulfilmentSnapshot]) -> list[Change]:
    """Give parts of an order to their stores; answers what to announce."""
    now = ctx.now()
    rows = [(part.id, now, now, *_terms(ctx, part)) for part in parts]
    await update_later("fulfilment", _ASSIGNED, rows)
    await tickets.queue(ctx, order, parts)
    return [_assigned(order, part) for part in parts]


def _terms(
    ctx: Context, part: FulfilmentSnapshot
) -> tuple[str | None, datetime | None, datetime | None]:
    """The code and end of a pickup, or from when a delivery may be taken away again.

    A pickup that waits for its goods has no end until they are there.
    """
    settings = ctx.settings
    if part.method is FulfilmentMethod.STORE_PICKUP:
        code = pickup_code(secrets.token_bytes(RANDOM_BYTES))
        lapse = timedelta(days=settings.pickup_days)
        return code, None if part.awaiting else ctx.now() + lapse, None
    if part.method.in_person:
        return None, None, None
    return None, None, ctx.now() + timedelta(minutes=settings.accept_minutes)


def _assigned(order: Order, part: FulfilmentSnapshot) -> Change:
    return Change(
        topic="fulfilment.assigned",
        node_type="Fulfilment",
        node_id=part.id,
        merchant_id=order.merchant_id,
        organisation_id=part.organisation_id,
        location_id=part.location_id,
        subject=subject_of(order),
    )
