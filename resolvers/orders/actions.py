"""What a caller may do with an order now: its state decides, and their rights."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.orders.states import (
    FulfilmentState,
    OrderAction,
    OrderStatus,
    order_actions,
)
from resolvers.context import ActorKind, Context
from resolvers.orders.scope import in_territory


async def of_orders(ctx: Context, orders: Sequence[Order]) -> dict[int, list[OrderAction]]:
    """The actions open to the caller on each order, in the order of `OrderAction`.

    A customer pays or cancels what is not paid yet; staff also cancel what is paid while nothing has
    left. An unpaid order whose hold ran out can no longer be paid.
    """
    cancels = await _where(ctx, orders, Permission.ORDER_CANCEL)
    pays = await _where(ctx, orders, Permission.PAYMENT_RECORD)
    states = await states_of([each.id for each in orders if each.status is OrderStatus.PAID])
    found: dict[int, list[OrderAction]] = {}
    for order in orders:
        own = is_own(ctx, order) and order.status is OrderStatus.PENDING_PAYMENT
        open_actions = {
            OrderAction.PAY: (own or order.id in pays) and not is_void(ctx, order),
            OrderAction.CANCEL: own or order.id in cancels,
        }
        actions = order_actions(order.status, states.get(order.id, []))
        found[order.id] = [action for action in actions if open_actions.get(action)]
    return found


async def states_of(order_ids: Sequence[int]) -> dict[int, list[FulfilmentState]]:
    """How far each order's fulfilments are."""
    states: dict[int, list[FulfilmentState]] = {order_id: [] for order_id in order_ids}
    for row in await Fulfilment.filter(order_id__in=list(order_ids)) if order_ids else []:
        states[row.order_id].append(FulfilmentState(row.method, row.status, row.done_at))
    return states


def is_own(ctx: Context, order: Order) -> bool:
    """Whether the caller is the guest or member who ordered, at the merchant of the request."""
    if order.merchant_id != ctx.merchant_id:
        return False
    member = ctx.member_id is not None and order.member_id == ctx.member_id
    return member or (ctx.guest_id is not None and order.guest_id == ctx.guest_id)


def is_void(ctx: Context, order: Order) -> bool:
    """Whether an unpaid order's hold has run out."""
    return order.hold_expires_at is not None and order.hold_expires_at <= ctx.now()


async def _where(ctx: Context, orders: Sequence[Order], permission: Permission) -> set[int]:
    """The orders, not the caller's own, on which staff or a machine holds `permission`."""
    ids = [order.id for order in orders]
    if ctx.actor.kind is ActorKind.SYSTEM:
        return set(ids)
    if permission not in ctx.actor.permissions:
        return set()
    held = in_territory(Order.filter(id__in=ids), ctx, permission)
    return {order.id for order in await held.only("id")}
