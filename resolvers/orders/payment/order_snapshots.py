"""What paying an order needs to know about it, read before the order is locked or after."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateways.payments import Notification
from models.database import fetch
from models.orders.orders import Order
from models.orders.states import OrderStatus
from models.referrals.rules import Share
from models.tables.columns import moment
from resolvers.context import Context
from resolvers.orders.fulfilment import snapshot
from resolvers.orders.fulfilment.snapshot import FulfilmentSnapshot, SoldLine
from resolvers.referrals import commissions
from resolvers.referrals.commissions import PaidOrder
from resolvers.stock.allocation.holds import UnlockedHold

_OF_PAYMENT = f"""
SELECT o.id AS order_id, o.merchant_id, o.member_id, o.attribution_guide_id, o.status AS order_status,
  o.updated_at, p.provider, p.amount_minor, hold.id AS hold_id, hold.quantity, variant.product_id,
  (SELECT SUM(quantity) FROM order_line WHERE order_id = o.id) AS units, {snapshot.COLUMNS}
FROM payment p
JOIN sales_order o ON o.id = p.order_id
JOIN stock_hold hold ON hold.order_id = o.id AND hold.status = 'HELD'
JOIN stock_level level ON level.id = hold.level_id
JOIN variant ON variant.id = level.variant_id
JOIN fulfilment ON fulfilment.id = hold.fulfilment_id
JOIN location ON location.id = fulfilment.location_id
JOIN order_line line ON line.order_id = o.id AND line.variant_id = level.variant_id
WHERE p.reference = ?
ORDER BY fulfilment.id, line.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSnapshot:
    """An order that waits for its money: its fulfilments and lines, and who earns commissions by it.

    `holds` are all of its holds as they were read without a lock. They are None where the order was read
    under its lock: then the holds have yet to be locked.
    """

    order_id: int
    updated_at: datetime
    fulfilments: Sequence[FulfilmentSnapshot]
    lines: Sequence[SoldLine]
    basis: PaidOrder
    shares: Sequence[Share]
    product_ids: frozenset[int] = frozenset()
    holds: Sequence[UnlockedHold] | None = None

    @property
    def awaits_goods(self) -> bool:
        """Whether some of the goods have not arrived yet."""
        return any(each.awaiting for each in self.fulfilments)

    def is_current(self, order: Order) -> bool:
        """Whether the order, now locked, is as it was read."""
        return order.status is OrderStatus.PENDING_PAYMENT and order.updated_at == self.updated_at


async def of_payment(ctx: Context, provider: str, said: Notification) -> OrderSnapshot | None:
    """Return the order that this notification pays, read without a lock.

    Return None unless the payment brings the amount asked for and every unit of the order is on hold: such a
    payment is settled by itself, and its order is read under its lock.
    """
    rows = await fetch(_OF_PAYMENT, said.reference) if said.succeeded else []
    if not rows or not _pays(rows, provider, said):
        return None
    fulfilments, lines = snapshot.of_rows(rows)
    first = rows[0]
    basis = PaidOrder(
        order_id=first["order_id"],
        merchant_id=first["merchant_id"],
        member_id=first["member_id"],
        guide_id=first["attribution_guide_id"],
        line_bases_minor=tuple(line.total_minor for line in lines),
    )
    return OrderSnapshot(
        order_id=basis.order_id,
        updated_at=moment(first["updated_at"]),
        fulfilments=fulfilments,
        lines=lines,
        basis=basis,
        shares=await commissions.earned(ctx, basis),
        product_ids=frozenset(row["product_id"] for row in rows),
        holds=[_hold(row) for row in rows],
    )


async def of_locked(ctx: Context, order: Order) -> OrderSnapshot:
    """Return a locked order."""
    fulfilments, lines = await snapshot.of_order(order.id)
    basis = PaidOrder(
        order_id=order.id,
        merchant_id=order.merchant_id,
        member_id=order.member_id,
        guide_id=order.attribution_guide_id,
        line_bases_minor=tuple(line.total_minor for line in lines),
    )
    return OrderSnapshot(
        order_id=order.id,
        updated_at=order.updated_at,
        fulfilments=fulfilments,
        lines=lines,
        basis=basis,
        shares=await commissions.earned(ctx, basis),
    )


def _pays(rows: Sequence[Mapping[str, Any]], provider: str, said: Notification) -> bool:
    first = rows[0]
    return bool(
        first["provider"] == provider
        and first["amount_minor"] == said.amount_minor
        and first["order_status"] == OrderStatus.PENDING_PAYMENT
        and first["units"] == sum(row["quantity"] for row in rows)
    )


def _hold(row: Mapping[str, Any]) -> UnlockedHold:
    return UnlockedHold(
        id=row["hold_id"],
        order_id=row["order_id"],
        variant_id=row["variant_id"],
        location_id=row["location_id"],
        quantity=row["quantity"],
    )
