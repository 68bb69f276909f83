"""The moment an order is paid: stock is committed, stores get their parts, commissions are fixed."""

from __future__ import annotations

from models.orders.orders import Order
from models.orders.states import FulfilmentStatus, OrderStatus
from resolvers.catalog.products import count_sales
from resolvers.context import Context
from resolvers.orders import parts
from resolvers.orders.assigning import assign
from resolvers.orders.orders import record_event
from resolvers.outbox import announce
from resolvers.referrals import commissions
from resolvers.stock import backorders, reservations


async def pay(ctx: Context, order: Order) -> None:
    """Make a locked order, whose `paid_minor` says what has come, a paid one; in the running transaction.

    Raises: InsufficientStock or Refusals of it when its hold had run out and the goods are gone.
    """
    paid = await record_event(
        ctx,
        order,
        OrderStatus.PAID,
        locked=True,
        paid_minor=order.paid_minor,
        paid_at=ctx.now(),
        hold_expires_at=None,
        cancelled_at=None,
    )
    sent, lines = await parts.of_order(order.id)
    assigned = await assign(ctx, order, [p for p in sent if p.status is FulfilmentStatus.OPEN])
    await commissions.fix(
        ctx,
        commissions.PaidOrder(
            order_id=order.id,
            merchant_id=order.merchant_id,
            member_id=order.member_id,
            guide_id=order.attribution_guide_id,
            line_bases_minor=tuple(line.total_minor for line in lines),
        ),
    )
    # Last, since others wait for the levels from here to the commit.
    if any(part.awaiting for part in sent):
        await backorders.commit(ctx, order.id)
    await reservations.commit(ctx, order.id)
    if any(part.awaiting for part in sent):
        await backorders.fill(ctx, order.id)
    await count_sales(ctx, {line.variant_id: line.quantity for line in lines})
    await announce(ctx, [paid, *assigned])
