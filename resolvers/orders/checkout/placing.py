"""Placing an order: worked out without a lock, then booked in one short transaction, once for a key."""

from __future__ import annotations

from models.database import transaction
from models.errors import LimitExceeded, Refusal, Refusals, StateConflict
from models.orders.carts import CartStatus
from models.orders.orders import Order
from resolvers.context import Context
from resolvers.idempotency import Claim, answered, claim_of
from resolvers.micro_batching import in_one_transaction
from resolvers.orders.checkout import unpaid_pieces
from resolvers.orders.checkout.order_writer import attributed
from resolvers.orders.checkout.placement import Booking, Outcome, PlacedBefore, StockWent, book
from resolvers.orders.checkout.quote_keeping import Terms, changed, worked_out
from resolvers.orders.checkout.request import CheckoutRequest
from resolvers.permissions import for_shoppers

MOST_ATTEMPTS = 8
_AT_ANY_PRICE = Terms()


@for_shoppers
async def place(
    ctx: Context, draft: CheckoutRequest, idempotency_key: str, terms: Terms = _AT_ANY_PRICE
) -> Order:
    """The order of a checkout, its pieces held until `hold_expires_at`; an order that costs nothing is paid.

    Raises: InvalidInput, NotFound, StateConflict, OutOfRange, InsufficientStock, or Refusals with several,
    their paths below the input of `quoting.quote`; QuoteChanged; IdempotencyKeyReused.
    """
    given = [draft, terms] if terms.given else draft
    claim = claim_of(ctx, "checkoutPlace", idempotency_key, given)
    shortages = 0
    for _ in range(MOST_ATTEMPTS):
        try:
            booking = await _worked_out(ctx, claim, draft, terms)
        except (Refusal, Refusals):
            # What cannot be placed now may have been placed by this key before.
            if (order := await transaction(_placed_before, claim)) is None:
                raise
            return order
        outcome = await _booked(booking)
        if isinstance(outcome, Order):
            return outcome
        if isinstance(outcome, LimitExceeded):
            raise outcome
        if isinstance(outcome, PlacedBefore) and (
            order := await transaction(_placed_before, claim)
        ):
            return order
        if isinstance(outcome, StockWent):
            shortages += 1
            # Another place may still have what went: once more, from the beginning.
            if shortages > 1 or not any(p.routing or p.awaited for p in booking.plan.parcels):
                raise await _gone(booking, terms, outcome)
    raise StateConflict(
        "The cart is being changed. Try again.", state=CartStatus.OPEN, path=("cartId",)
    )


async def _worked_out(ctx: Context, claim: Claim, draft: CheckoutRequest, terms: Terms) -> Booking:
    """Raises: Refusal, Refusals."""
    found = await worked_out(ctx, draft, terms)
    counts_for = await attributed(ctx, draft, found)
    return Booking(ctx=ctx, claim=claim, draft=draft, plan=found, counts_for=counts_for)


async def _gone(booking: Booking, terms: Terms, outcome: StockWent) -> Exception:
    """The refusal of an order whose pieces were sold to others meanwhile."""
    if terms.token is None:
        return outcome.shortage
    return await changed(booking.ctx, booking.draft, booking.plan.promise)


async def _placed_before(claim: Claim) -> Order | None:
    """Raises: IdempotencyKeyReused."""
    order_id = await answered(claim)
    return None if order_id is None else await Order.get(id=order_id)


async def _booked(booking: Booking) -> Outcome:
    """Counted for its address, which only an order keeps. Raises: LimitExceeded."""
    ctx, limits = booking.ctx, unpaid_pieces.by_address(booking.ctx, booking.plan)
    await unpaid_pieces.take(ctx, limits)
    outcome = await _booked_with_others(booking)
    if limits and not isinstance(outcome, Order):
        await ctx.gateways.rate_limits.give_back(limits)
    return outcome


async def _booked_with_others(booking: Booking) -> Outcome:
    """Booked at once, or together with others that want the same goods at the same time."""
    basket = booking.plan.basket
    alone = {("key", booking.claim.scope, booking.claim.key)}
    if basket.cart is not None:
        alone.add(("cart", str(basket.cart.id), ""))
    return await in_one_transaction(
        book, booking, shared=frozenset(basket.pieces), exclusive=frozenset(alone)
    )
