"""A paid fulfilment becomes a store's work: its ticket is queued, its pickup code made."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.orders.pickup import RANDOM_BYTES, pickup_code
from models.orders.states import FulfilmentMethod
from resolvers.context import Context
from resolvers.orders import tickets
from resolvers.orders.fulfilments import change
from resolvers.outbox import Change


async def assign(ctx: Context, order: Order, fulfilments: Sequence[Fulfilment]) -> list[Change]:
    """Give fulfilments, their locations at hand, to their stores; answers what to announce."""
    changes = []
    for fulfilment in fulfilments:
        columns = {"assigned_at": ctx.now(), **_terms(ctx, fulfilment)}
        fulfilment.update_from_dict(columns)
        await fulfilment.save(update_fields=[*columns, "updated_at"])
        await tickets.queue(ctx, order, fulfilment)
        changes.append(change("fulfilment.assigned", order, fulfilment))
    return changes


def _terms(ctx: Context, fulfilment: Fulfilment) -> dict[str, Any]:
    """Until when a pickup may be collected, or from when a delivery may be taken away again."""
    settings = ctx.settings
    if fulfilment.method is FulfilmentMethod.STORE_PICKUP:
        return {
            "pickup_code": pickup_code(secrets.token_bytes(RANDOM_BYTES)),
            "pickup_expires_at": ctx.now() + timedelta(days=settings.pickup_days),
        }
    if fulfilment.method.in_person:
        return {}
    return {"accept_due_at": ctx.now() + timedelta(minutes=settings.accept_minutes)}
