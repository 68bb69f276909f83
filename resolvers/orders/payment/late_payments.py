"""Orders whose hold has run out unpaid: a payment that is on its way may still bring them back."""

from __future__ import annotations

from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order, OrderEvent
from models.orders.states import FulfilmentStatus, OrderStatus
from resolvers.context import ActorKind, Context
from resolvers.orders.fulfilment import histories


async def is_payable(ctx: Context, order: Order) -> bool:
    """Whether money that has come pays this locked order.

    One that lapsed is brought back to life, its fulfilments open again; whether the goods are still
    there, its commit will tell.
    """
    if order.status is OrderStatus.PENDING_PAYMENT:
        return True
    if order.status is not OrderStatus.CANCELLED or order.paid_at or not await _lapsed(order):
        return False
    cancelled = Fulfilment.filter(order_id=order.id, status=FulfilmentStatus.CANCELLED)
    steps = [(part.id, part.status) for part in await cancelled]
    await histories.record(ctx, steps, FulfilmentStatus.OPEN)
    await cancelled.update(status=FulfilmentStatus.OPEN, updated_at=ctx.now())
    return True


async def _lapsed(order: Order) -> bool:
    """Whether nobody cancelled the order but the clock."""
    events = OrderEvent.filter(order_id=order.id, to_status=OrderStatus.CANCELLED)
    last = await events.order_by("-id").first()
    return last is not None and last.actor_kind == ActorKind.SYSTEM
