"""How an order comes to its end: piece by piece handed over, then confirmed or left in peace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.database import execute, transaction
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.orders.states import (
    FulfilmentState,
    OrderStatus,
    completes_at,
    order_status_after,
)
from resolvers.background.outbox import Change, announce
from resolvers.context import Context
from resolvers.orders.orders import change_of, record_event
from resolvers.referrals import commissions

_ENDED = (OrderStatus.COMPLETED, OrderStatus.CANCELLED)
_HANDED_OVER = """
UPDATE order_line SET fulfilled = fulfilled + (
    SELECT quantity FROM fulfilment_line
    WHERE fulfilment_id = ? AND order_line_id = order_line.id
) WHERE id IN (SELECT order_line_id FROM fulfilment_line WHERE fulfilment_id = ?)
"""


async def count_handed_over(fulfilment: Fulfilment) -> None:
    """Note on the order's lines that the pieces of a fulfilment are with the customer."""
    await execute(_HANDED_OVER, fulfilment.id, fulfilment.id)


async def advance(ctx: Context, order: Order, *, confirmed: bool = False) -> Change:
    """Bring a paid, locked order to what its fulfilments add up to; answers what to announce."""
    if order.status in _ENDED:
        return change_of(order)
    states = await _states(order.id)
    status = order_status_after(states, paid=order.paid_at is not None, confirmed=confirmed)
    columns = _columns(ctx, states, status)
    if status is order.status and columns.get("completes_at") == order.completes_at:
        return change_of(order)
    change = await record_event(ctx, order, status, **columns)
    if status is OrderStatus.COMPLETED:
        await commissions.receive(ctx, order.id)
    return change


async def complete_due(ctx: Context, limit: int = 100) -> int:
    """Complete the orders whose time to object has passed; answers how many."""
    due = Order.filter(status=OrderStatus.FULFILLED, completes_at__lte=ctx.now())
    ids = [row.id for row in await due.order_by("completes_at").limit(limit).only("id")]
    return sum([await transaction(_complete, ctx, order_id) for order_id in ids])


async def _complete(ctx: Context, order_id: int) -> bool:
    order = await Order.filter(id=order_id).select_for_update().get()
    waiting = order.completes_at is None or order.completes_at > ctx.now()
    if order.status is not OrderStatus.FULFILLED or waiting:
        return False
    await announce(ctx, [await advance(ctx, order, confirmed=True)])
    return True


async def _states(order_id: int) -> list[FulfilmentState]:
    return [
        FulfilmentState(row.method, row.status, row.done_at)
        for row in await Fulfilment.filter(order_id=order_id).order_by("id")
    ]


def _columns(
    ctx: Context, states: Sequence[FulfilmentState], status: OrderStatus
) -> dict[str, Any]:
    if status is OrderStatus.CANCELLED:
        return {"cancelled_at": ctx.now(), "completes_at": None}
    due = completes_at(
        states,
        store_days=ctx.settings.complete_after_store_days,
        express_days=ctx.settings.complete_after_express_days,
    )
    ended = {"completed_at": ctx.now()} if status is OrderStatus.COMPLETED else {}
    return {"completes_at": due, **ended}
