"""Payments of orders whose hold has run out: they reopen the order while its goods are there."""

from __future__ import annotations

from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order, OrderEvent
from models.orders.states import FulfilmentStatus, OrderStatus
from resolvers.context import ActorKind, Context
from resolvers.orders.fulfilment import histories


async def is_payable(ctx: Context, order: Order) -> bool:
    """Return whether money that has come pays this locked order.

    The fulfilments of an expired order are reopened. Committing its stock refuses goods that are gone.
    """
    if order.status is OrderStatus.PENDING_PAYMENT:
        return True
    if order.status is not OrderStatus.CANCELLED or order.paid_at or not await _expired(order):
        return False
    cancelled = Fulfilment.filter(order_id=order.id, status=FulfilmentStatus.CANCELLED)
    steps = [(each.id, each.status) for each in await cancelled]
    await histories.record(ctx, steps, FulfilmentStatus.OPEN)
    await cancelled.update(status=FulfilmentStatus.OPEN, updated_at=ctx.now())
    return True


async def _expired(order: Order) -> bool:
    """Return whether the order was cancelled by the system, because its hold had run out."""
    events = OrderEvent.filter(order_id=order.id, to_status=OrderStatus.CANCELLED)
    last = await events.order_by("-id").first()
    return last is not None and last.actor_kind == ActorKind.SYSTEM
