"""How many pieces somebody keeps from others without paying: bounded by buyer, and by address of guests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gateways import Limit
from models.database import fetch, is_postgres, marks
from models.errors import LimitExceeded
from models.orders.states import OrderStatus
from resolvers.attempts import network
from resolvers.context import Context
from resolvers.idempotency import Claim

if TYPE_CHECKING:
    from resolvers.orders.checkout.placement import Booking
    from resolvers.orders.checkout.quoting import Plan

Buyer = tuple[str, int]  # the column of an order, and its value
_BY_BUYER = (
    "At most {maximum} pieces may wait for payment at once. Pay for or cancel what is open, or order"
    " fewer."
)
_BY_ADDRESS = "Too many pieces wait for payment here. Try again in {seconds} seconds, or sign in."
_LOCKS = 7_431  # the class of these advisory locks of PostgreSQL


async def beyond(bookings: Sequence[Booking]) -> dict[Claim, LimitExceeded]:
    """Those with which the unpaid orders of their buyer would hold too much, in their order of arrival.

    Locks the buyers, so that orders placed at the same moment count each other. Staff are not bounded.
    """
    most = bookings[0].ctx.settings.unpaid_pieces if bookings else 0
    buyers = {each.claim: buyer for each in bookings if (buyer := _buyer(each))}
    if not most or not buyers:
        return {}
    held = await _held(bookings[0].ctx, set(buyers.values()))
    refused: dict[Claim, LimitExceeded] = {}
    for each in bookings:
        if (buyer := buyers.get(each.claim)) is None:
            continue
        pieces = held[buyer] + sum(each.plan.basket.pieces.values())
        if pieces > most:
            refused[each.claim] = LimitExceeded(_BY_BUYER, maximum=most)
        else:
            held[buyer] = pieces
    return refused


def _buyer(booking: Booking) -> Buyer | None:
    basket = booking.plan.basket
    if not booking.ctx.actor.is_customer:
        return None
    if basket.member_id is not None:
        return "member_id", basket.member_id
    return None if basket.guest_id is None else ("guest_id", basket.guest_id)


async def _held(ctx: Context, buyers: set[Buyer]) -> Counter[Buyer]:
    if is_postgres():
        keys = sorted({(2 * row_id + (column == "guest_id")) % 2**31 for column, row_id in buyers})
        await fetch(
            f"SELECT pg_advisory_xact_lock({_LOCKS}, key) FROM unnest(?::int[]) AS key", keys
        )
    held: Counter[Buyer] = Counter()
    for column in sorted({column for column, _ in buyers}):
        ids = sorted(row_id for each, row_id in buyers if each == column)
        rows = await fetch(
            f"SELECT placed.{column} AS buyer, SUM(line.quantity) AS pieces FROM sales_order placed"
            f" JOIN order_line line ON line.order_id = placed.id WHERE placed.{column} IN ({marks(ids)})"
            f" AND placed.status = '{OrderStatus.PENDING_PAYMENT}' AND placed.hold_expires_at > ?"
            f" GROUP BY placed.{column}",
            *ids,
            ctx.now(),
        )
        held.update({(column, row["buyer"]): int(row["pieces"]) for row in rows})
    return held


def by_address(ctx: Context, plan: Plan) -> list[Limit]:
    """What the pieces of a guest count in for as long as an order holds them, paid for or not."""
    most, pieces = ctx.settings.unpaid_pieces_per_address, sum(plan.basket.pieces.values())
    if not most or not ctx.actor.is_customer or plan.basket.guest_id is None:
        return []
    seconds = 60 * ctx.settings.hold_minutes
    return [Limit("unpaid pieces by address", network(ctx), most, seconds, counts=pieces)]


async def take(ctx: Context, limits: Sequence[Limit]) -> None:
    """Raises: LimitExceeded."""
    if limits and (seconds := await ctx.gateways.rate_limits.take(limits)):
        raise LimitExceeded(_BY_ADDRESS, seconds=seconds)
