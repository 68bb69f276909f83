"""Limits of what a buyer holds without paying: by buyer, and for guests by network address."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from gateways import Limit
from models.database import fetch, is_postgres, marks
from models.errors import LimitExceeded
from models.orders.states import OrderStatus
from resolvers.attempts import network
from resolvers.context import Context
from resolvers.idempotency import Claim
from resolvers.orders.checkout.placement import PreparedOrder
from resolvers.orders.checkout.quoting import Plan

Buyer = tuple[str, int]
"""A column of an order and its value, such as `("member_id", 7)`."""

_BY_BUYER = (
    "At most {maximum} pieces may wait for payment at once. Pay for or cancel what is open, or order"
    " fewer."
)
_BY_ADDRESS = "Too many pieces wait for payment here. Try again in {seconds} seconds, or sign in."
_LOCKS = 7_431  # the class of these advisory locks of PostgreSQL


async def beyond_limit(orders: Sequence[PreparedOrder]) -> dict[Claim, LimitExceeded]:
    """Return the orders that exceed what their buyer may hold unpaid, counted in their order of arrival.

    The buyers are locked, so that orders placed at the same moment count each other. Staff have no limit.
    """
    most = orders[0].ctx.settings.unpaid_pieces if orders else 0
    buyers = {each.claim: buyer for each in orders if (buyer := _buyer(each))}
    if not most or not buyers:
        return {}
    held = await _held(orders[0].ctx, set(buyers.values()))
    refused: dict[Claim, LimitExceeded] = {}
    for each in orders:
        if (buyer := buyers.get(each.claim)) is None:
            continue
        quantity = held[buyer] + sum(each.plan.lines.quantities.values())
        if quantity > most:
            refused[each.claim] = LimitExceeded(_BY_BUYER, maximum=most)
        else:
            held[buyer] = quantity
    return refused


def by_address(ctx: Context, plan: Plan) -> list[Limit]:
    """Return the limit that a guest's order counts in for as long as it may hold goods, paid or not."""
    most, quantity = (
        ctx.settings.unpaid_pieces_per_address,
        sum(plan.lines.quantities.values()),
    )
    if not most or not ctx.actor.is_customer or plan.lines.guest_id is None:
        return []
    seconds = 60 * ctx.settings.hold_minutes
    return [Limit("unpaid pieces by address", network(ctx), most, seconds, counts=quantity)]


async def count(ctx: Context, limits: Sequence[Limit]) -> None:
    """Count an order in its limits. Raises: LimitExceeded."""
    if limits and (seconds := await ctx.gateways.rate_limits.take(limits)):
        raise LimitExceeded(_BY_ADDRESS, seconds=seconds)


def _buyer(prepared: PreparedOrder) -> Buyer | None:
    lines = prepared.plan.lines
    if not prepared.ctx.actor.is_customer:
        return None
    if lines.member_id is not None:
        return "member_id", lines.member_id
    return None if lines.guest_id is None else ("guest_id", lines.guest_id)


async def _held(ctx: Context, buyers: set[Buyer]) -> Counter[Buyer]:
    """Lock the buyers; return the quantities that their unpaid orders hold."""
    if is_postgres():
        keys = sorted({(2 * row_id + (column == "guest_id")) % 2**31 for column, row_id in buyers})
        await fetch(
            f"SELECT pg_advisory_xact_lock({_LOCKS}, key) FROM unnest(?::int[]) AS key", keys
        )
    held: Counter[Buyer] = Counter()
    for column in sorted({column for column, _ in buyers}):
        ids = sorted(row_id for each, row_id in buyers if each == column)
        rows = await fetch(
            f"SELECT placed.{column} AS buyer, SUM(line.quantity) AS units FROM sales_order placed"
            f" JOIN order_line line ON line.order_id = placed.id WHERE placed.{column} IN ({marks(ids)})"
            f" AND placed.status = '{OrderStatus.PENDING_PAYMENT}' AND placed.hold_expires_at > ?"
            f" GROUP BY placed.{column}",
            *ids,
            ctx.now(),
        )
        held.update({(column, row["buyer"]): int(row["units"]) for row in rows})
    return held
