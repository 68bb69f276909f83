"""Turning locked orders into paid ones: commit stock, assign fulfilments to stores, fix commissions.

Every way of paying ends here: a provider's notification, a till, and an order that costs nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from models.orders.orders import Order
from models.orders.states import FulfilmentStatus, OrderStatus
from resolvers.background.outbox import Change, announce
from resolvers.catalog.products.products import count_sales
from resolvers.context import Context
from resolvers.orders.fulfilment.release import assign
from resolvers.orders.orders import record_event
from resolvers.orders.payment import order_snapshots
from resolvers.orders.payment.order_snapshots import OrderSnapshot
from resolvers.referrals import commissions
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation import holds as allocation_holds


@dataclass(frozen=True, slots=True)
class Sale:
    """A locked order whose `paid_minor` includes the money that pays it, and what it consists of."""

    order: Order
    snapshot: OrderSnapshot


async def pay(ctx: Context, order: Order) -> None:
    """Turn one locked order, whose `paid_minor` includes the money that pays it, into a paid one.

    Raises: InsufficientStock, or Refusals with it, when its hold has run out and the goods are gone.
    """
    await pay_all(ctx, [Sale(order, await order_snapshots.of_locked(ctx, order))])


async def pay_all(ctx: Context, sales: Sequence[Sale]) -> None:
    """Turn orders into paid ones in the running transaction.

    Orders whose holds are not known lock their levels one after another, so at most one of them may come here
    at a time; the holds of all others are committed by one update.

    Raises: as `pay`; Outdated when a hold that was read without a lock has been released.
    """
    if not sales:
        return
    awaiting = [each.order.id for each in sales if each.snapshot.awaits_goods]
    # Stock is locked before the products whose sales are counted.
    for order_id in awaiting:
        await backorders.commit(ctx, order_id)
    changes = [change for each in sales for change in await _record(ctx, each)]
    await _count(ctx, sales)
    # The levels come last, because other transactions wait for them until this one commits.
    await _commit_stock(ctx, sales)
    for order_id in awaiting:
        await backorders.fill(ctx, order_id)
    await announce(ctx, changes)


async def _record(ctx: Context, sale: Sale) -> list[Change]:
    """Write what becomes of a paid order, except its stock; return what to announce."""
    order, snapshot = sale.order, sale.snapshot
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
    still_open = [each for each in snapshot.fulfilments if each.status is FulfilmentStatus.OPEN]
    assigned = await assign(ctx, order, still_open)
    await commissions.fix(ctx, snapshot.basis, snapshot.shares)
    return [paid, *assigned]


async def _count(ctx: Context, sales: Sequence[Sale]) -> None:
    sold: Counter[int] = Counter()
    for sale in sales:
        sold.update({line.variant_id: line.quantity for line in sale.snapshot.lines})
    await count_sales(ctx, sold)


async def _commit_stock(ctx: Context, sales: Sequence[Sale]) -> None:
    known = [hold for each in sales for hold in each.snapshot.holds or ()]
    if known:
        await allocation_holds.commit_unlocked(ctx, known)
    for each in sales:
        if each.snapshot.holds is None:
            await allocation_holds.commit(ctx, each.order.id)
