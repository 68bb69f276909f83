"""Orders that end before anything has left: cancelled by somebody, or unpaid when their hold ran out."""

from __future__ import annotations

from models.database import transaction
from models.errors import NotFound, NotSignedIn, StateConflict
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.orders.payments import Payment
from models.orders.states import (
    GIVEN_UP,
    FulfilmentStatus,
    OrderAction,
    OrderStatus,
    PaymentStatus,
)
from resolvers.background.outbox import Change, announce
from resolvers.context import ActorKind, Context
from resolvers.orders import actions
from resolvers.orders.fulfilment import fulfilments, histories
from resolvers.orders.orders import record_event
from resolvers.orders.payment.refunds import refund_order
from resolvers.orders.scope import visible
from resolvers.permissions import for_anyone
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.validation import text_of

SWEPT_AT_ONCE = 100


@for_anyone
async def cancel(ctx: Context, order_id: int, reason: str) -> Order:
    """Cancel an order: its customer while it is unpaid, staff with ORDER_CANCEL until something has left.

    What it holds is given back, and what was paid.

    Raises: InvalidInput, NotFound for an order that the caller may not see, StateConflict.
    """
    if ctx.actor.kind is ActorKind.ANONYMOUS:
        raise NotSignedIn
    reason = text_of(reason, "reason", 200)
    return await transaction(_cancel, ctx, order_id, reason)


async def expire_due(ctx: Context) -> int:
    """Cancel unpaid orders whose hold has run out; answers how many. A sweeper's work."""
    due = Order.filter(status=OrderStatus.PENDING_PAYMENT, hold_expires_at__lte=ctx.now())
    ids = await due.order_by("hold_expires_at").limit(SWEPT_AT_ONCE).values_list("id", flat=True)
    return sum([await transaction(_expire, ctx, order_id) for order_id in ids])


async def _cancel(ctx: Context, order_id: int, reason: str) -> Order:
    order = await visible(Order.filter(id=order_id), ctx).first()
    if order is None:
        raise NotFound("There is no such order.", path=("orderId",))
    order = await Order.filter(id=order_id).select_for_update().get()
    allowed = (await actions.of_orders(ctx, [order]))[order.id]
    if OrderAction.CANCEL not in allowed:
        raise StateConflict(
            "This order cannot be cancelled.",
            state=order.status,
            allowed=allowed,
            path=("orderId",),
        )
    if order.status is not OrderStatus.PENDING_PAYMENT:
        await refund_order(ctx, order, reason)
    await announce(ctx, await _end(ctx, order, reason))
    return order


async def _expire(ctx: Context, order_id: int) -> bool:
    order = await Order.filter(id=order_id).select_for_update().get()
    if order.status is not OrderStatus.PENDING_PAYMENT or not actions.is_void(ctx, order):
        return False
    await announce(ctx, await _end(ctx, order, "Not paid in time."))
    return True


async def _end(ctx: Context, order: Order, reason: str) -> list[Change]:
    """Cancel a locked order and all its parts, and give its pieces back."""
    open_payments = Payment.filter(order_id=order.id, status=PaymentStatus.PENDING)
    await open_payments.update(status=PaymentStatus.CLOSED, updated_at=ctx.now())
    parts = await Fulfilment.filter(order_id=order.id).prefetch_related("location")
    live = [part for part in parts if part.status not in GIVEN_UP]
    if any(part.awaits_until for part in live):
        await backorders.release(ctx, order.id)
    await Fulfilment.filter(id__in=[part.id for part in live]).update(
        status=FulfilmentStatus.CANCELLED, updated_at=ctx.now()
    )
    steps = [(part.id, part.status) for part in live]
    await histories.record(ctx, steps, FulfilmentStatus.CANCELLED, reason)
    await allocation_holds.release(ctx, order.id)
    ended = await record_event(ctx, order, OrderStatus.CANCELLED, reason, cancelled_at=ctx.now())
    assigned = [part for part in live if part.assigned_at is not None]
    return [ended, *(fulfilments.change("fulfilment.changed", order, part) for part in assigned)]
