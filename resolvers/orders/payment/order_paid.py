"""The moment an order is paid: stock is committed, stores get their parts, commissions are fixed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gateways.payments import Notification
from models.deferred_writes import update_later
from models.orders.orders import Order
from models.orders.states import FulfilmentStatus, OrderStatus, PaymentStatus
from models.referrals.rules import Share
from resolvers.background.outbox import Change, announce
from resolvers.catalog.products.products import count_sales
from resolvers.context import Context
from resolvers.orders.fulfilment import snapshot as parts
from resolvers.orders.fulfilment.release import assign
from resolvers.orders.fulfilment.snapshot import FulfilmentSnapshot, SoldLine
from resolvers.orders.orders import record_event
from resolvers.referrals import commissions
from resolvers.referrals.commissions import PaidOrder
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation import holds as allocation_holds


@dataclass(frozen=True, slots=True)
class Sale:
    """A locked order whose `paid_minor` says what has come, what it consists of, and who earns by it."""

    order: Order
    parts: Sequence[FulfilmentSnapshot]
    lines: Sequence[SoldLine]
    shares: Sequence[Share]


async def pay(ctx: Context, order: Order) -> None:
    """Make a locked order, whose `paid_minor` says what has come, a paid one; in the running transaction.

    Raises: InsufficientStock or Refusals of it when its hold had run out and the goods are gone.
    """
    sent, lines = await parts.of_order(order.id)
    shares = await commissions.earned(ctx, sold(order, lines))
    awaiting = any(part.awaiting for part in sent)
    # Before what is recorded, so that stock is locked before the products whose sales are counted.
    if awaiting:
        await backorders.commit(ctx, order.id)
    changes = await record(ctx, [Sale(order, sent, lines, shares)])
    # Last, since others wait for the levels from here to the commit.
    await allocation_holds.commit(ctx, order.id)
    if awaiting:
        await backorders.fill(ctx, order.id)
    await announce(ctx, changes)


async def book(
    ctx: Context, order: Order, payment_id: int, said: Notification
) -> dict[str, object]:
    """The money is here, whatever it is for: as much as came, not as was asked.

    Answers the columns of the payment, which is locked together with its order.
    """
    columns = {
        "status": PaymentStatus.SUCCEEDED,
        "settled_at": ctx.now(),
        "amount_minor": said.amount_minor,
        "provider_reference": said.provider_reference,
        "updated_at": ctx.now(),
    }
    await update_later("payment", ("id", *columns), [(payment_id, *columns.values())])
    order.paid_minor += said.amount_minor
    return columns


async def record(ctx: Context, sales: Sequence[Sale]) -> list[Change]:
    """Write everything that becomes of paid orders but their stock; answers what to announce."""
    changes: list[Change] = []
    pieces: Counter[int] = Counter()
    for sale in sales:
        order = sale.order
        changes.append(
            await record_event(
                ctx,
                order,
                OrderStatus.PAID,
                locked=True,
                paid_minor=order.paid_minor,
                paid_at=ctx.now(),
                hold_expires_at=None,
                cancelled_at=None,
            )
        )
        going = [part for part in sale.parts if part.status is FulfilmentStatus.OPEN]
        changes += await assign(ctx, order, going)
        await commissions.fix(ctx, sold(order, sale.lines), sale.shares)
        pieces.update({line.variant_id: line.quantity for line in sale.lines})
    await count_sales(ctx, pieces)
    return changes


def sold(order: Order, lines: Sequence[SoldLine]) -> PaidOrder:
    """What commissions are worked out from."""
    return PaidOrder(
        order_id=order.id,
        merchant_id=order.merchant_id,
        member_id=order.member_id,
        guide_id=order.attribution_guide_id,
        line_bases_minor=tuple(line.total_minor for line in lines),
    )
