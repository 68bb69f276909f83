"""The plain payment: the right amount, for an order that waits for it with all of its pieces on hold.

Most payments are. What they bring about is worked out without a lock, then written for any number of them in
one short transaction: those for the same products go together, as orders are placed. What is not plain, or no
longer so once it is locked, is left to `settlement`, one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from gateways.payments import Notification
from models.database import brief_transaction, fetch, for_update, marks
from models.deferred_writes import Outdated
from models.money import CurrencyCode
from models.orders.orders import Order
from models.orders.states import OrderStatus, PaymentStatus, payment_may_become
from models.referrals.rules import Share
from resolvers.background.outbox import announce
from resolvers.context import Context
from resolvers.micro_batching import micro_batches_of
from resolvers.orders.fulfilment import snapshot as parts
from resolvers.orders.fulfilment.snapshot import FulfilmentSnapshot, SoldLine
from resolvers.orders.payment import order_paid
from resolvers.orders.payment.order_paid import Sale
from resolvers.referrals import commissions
from resolvers.referrals.commissions import PaidOrder
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.allocation.holds import UnlockedHold

_FOUND = f"""
SELECT {{order}}, p.id AS p_id, p.status AS p_status, p.updated_at AS p_updated_at,
  p.provider AS p_provider, p.amount_minor AS p_amount_minor, hold.id AS hold_id, hold.quantity,
  variant.product_id,
  (SELECT SUM(quantity) FROM order_line WHERE order_id = o.id) AS pieces, {parts.PIECE}
FROM payment p
JOIN sales_order o ON o.id = p.order_id
JOIN stock_hold hold ON hold.order_id = o.id AND hold.status = 'HELD'
JOIN stock_level level ON level.id = hold.level_id
JOIN variant ON variant.id = level.variant_id
JOIN fulfilment part ON part.id = hold.fulfilment_id
JOIN location place ON place.id = part.location_id
JOIN order_line line ON line.order_id = o.id AND line.variant_id = level.variant_id
WHERE p.reference = ?
ORDER BY part.id, line.id
"""
_SEEN = ("o_id", "o_status", "o_updated_at", "p_id", "p_status", "p_updated_at")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainPayment:
    """`row` has the columns of the order and some of the payment, as they were without a lock."""

    ctx: Context
    said: Notification
    row: Mapping[str, Any]
    parts: Sequence[FulfilmentSnapshot]
    lines: Sequence[SoldLine]
    holds: Sequence[UnlockedHold]
    products: frozenset[int]
    shares: Sequence[Share]

    def sale(self) -> Sale:
        """For one attempt: writing it changes the order."""
        return Sale(Order.read(self.row, "o"), self.parts, self.lines, self.shares)


async def settled(ctx: Context, provider: str, said: Notification) -> bool:
    """Settle a payment that is a plain one; answers whether it was."""
    if (payment := await _find(ctx, provider, said)) is None:
        return False
    alone = frozenset({("order", payment.row["o_id"])})
    try:
        return await micro_batches_of(_settle).go(payment, payment.products, alone)
    except Outdated:
        return False


async def _find(ctx: Context, provider: str, said: Notification) -> PlainPayment | None:
    rows = await fetch(_FOUND.format(order=Order.selected("o")), said.reference)
    if not rows or rows[0]["p_provider"] != provider or not _is_plain(rows, said):
        return None
    of_order, lines = parts.of_rows(rows)
    return PlainPayment(
        ctx=ctx,
        said=said,
        row=rows[0],
        parts=of_order,
        lines=lines,
        holds=[_hold(row) for row in rows],
        products=frozenset(row["product_id"] for row in rows),
        shares=await commissions.earned(ctx, _sold(rows[0], lines)),
    )


def _sold(row: Mapping[str, Any], lines: Sequence[SoldLine]) -> PaidOrder:
    return PaidOrder(
        order_id=row["o_id"],
        merchant_id=row["o_merchant_id"],
        member_id=row["o_member_id"],
        guide_id=row["o_attribution_guide_id"],
        line_bases_minor=tuple(line.total_minor for line in lines),
    )


def _is_plain(rows: Sequence[Mapping[str, Any]], said: Notification) -> bool:
    first = rows[0]
    money = said.succeeded and said.currency == CurrencyCode.CNY
    return (
        money
        and said.amount_minor == first["p_amount_minor"]
        and payment_may_become(PaymentStatus(first["p_status"]), PaymentStatus.SUCCEEDED)
        and first["o_status"] == OrderStatus.PENDING_PAYMENT
        and first["pieces"] == sum(row["quantity"] for row in rows)
    )


def _hold(row: Mapping[str, Any]) -> UnlockedHold:
    return UnlockedHold(
        id=row["hold_id"],
        order_id=row["o_id"],
        variant_id=row["variant_id"],
        location_id=row["location_id"],
        quantity=row["quantity"],
    )


async def _settle(payments: Sequence[PlainPayment]) -> list[bool]:
    return await brief_transaction(_pay, payments)


async def _pay(payments: Sequence[PlainPayment]) -> list[bool]:
    """Which of them were still plain; those are paid. Raises: Outdated when a hold has been released."""
    standing = await _locked(payments)
    going = [each for each in payments if _seen(each.row) in standing]
    if going:
        ctx, sales = going[0].ctx, []
        for each in going:
            sales.append(sale := each.sale())
            await order_paid.book(each.ctx, sale.order, each.row["p_id"], each.said)
        changes = await order_paid.record(ctx, sales)
        # Last, since others wait for the levels from here to the commit.
        await allocation_holds.commit_unlocked(ctx, [hold for each in going for hold in each.holds])
        await announce(ctx, changes)
    return [each in going for each in payments]


async def _locked(payments: Sequence[PlainPayment]) -> set[tuple[Any, ...]]:
    """What there is to be seen of orders and payments now that they are locked, the order first."""
    rows = await fetch(
        "SELECT o.id AS o_id, o.status AS o_status, o.updated_at AS o_updated_at,"
        " p.id AS p_id, p.status AS p_status, p.updated_at AS p_updated_at"
        " FROM sales_order AS o JOIN payment AS p ON p.order_id = o.id"
        f" WHERE p.id IN ({marks(payments)}) ORDER BY o.id{for_update()}",
        *(each.row["p_id"] for each in payments),
    )
    return {_seen(row) for row in rows}


def _seen(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(row[column] for column in _SEEN)
