"""Placing an order: it is prepared without a lock, then placed in one short transaction, once for a key."""

from __future__ import annotations

from models.database import transaction
from models.errors import LimitExceeded, Refusal, Refusals, StateConflict
from models.orders.carts import CartStatus
from models.orders.orders import Order
from resolvers.context import Context
from resolvers.idempotency import Claim, answered, claim_of
from resolvers.micro_batching import in_one_transaction
from resolvers.orders.checkout import unpaid_limits
from resolvers.orders.checkout.batch_placement import place_all
from resolvers.orders.checkout.order_writer import attributed
from resolvers.orders.checkout.placement import Outcome, PlacedBefore, PreparedOrder, StockGone
from resolvers.orders.checkout.quote_keeping import Terms, changed, worked_out
from resolvers.orders.checkout.request import CheckoutRequest
from resolvers.permissions import for_shoppers

MOST_ATTEMPTS = 8
_AT_ANY_PRICE = Terms()


@for_shoppers
async def place(
    ctx: Context,
    request: CheckoutRequest,
    idempotency_key: str,
    terms: Terms = _AT_ANY_PRICE,
) -> Order:
    """Place the order of a checkout and hold its goods until `hold_expires_at`; a free order is paid at once.

    What has changed since the order was prepared is prepared again, at most `MOST_ATTEMPTS` times.

    Raises: InvalidInput, NotFound, StateConflict, OutOfRange, InsufficientStock, or Refusals with several,
    their paths below the input of `quoting.quote`; QuoteChanged; LimitExceeded; IdempotencyKeyReused.
    """
    given = [request, terms] if terms.given else request
    claim = claim_of(ctx, "checkoutPlace", idempotency_key, given)
    shortages = 0
    for _ in range(MOST_ATTEMPTS):
        try:
            prepared = await prepare(ctx, claim, request, terms)
        except (Refusal, Refusals):
            # An order that cannot be placed now may have been placed with this key before.
            if (order := await transaction(_placed_before, claim)) is None:
                raise
            return order
        outcome = await _place_once(prepared)
        if isinstance(outcome, Order):
            return outcome
        if isinstance(outcome, LimitExceeded):
            raise outcome
        if isinstance(outcome, PlacedBefore) and (
            order := await transaction(_placed_before, claim)
        ):
            return order
        if isinstance(outcome, StockGone):
            shortages += 1
            # Another location may still have the goods: prepare the order once more.
            if shortages > 1 or not prepared.may_come_from_elsewhere:
                raise await _refusal(prepared, terms, outcome)
    raise StateConflict(
        "The cart is being changed. Try again.", state=CartStatus.OPEN, path=("cartId",)
    )


async def prepare(
    ctx: Context, claim: Claim, request: CheckoutRequest, terms: Terms
) -> PreparedOrder:
    """Work an order out by reading alone. Raises: Refusal, Refusals."""
    plan = await worked_out(ctx, request, terms)
    attribution = await attributed(ctx, request, plan)
    return PreparedOrder(ctx=ctx, claim=claim, request=request, plan=plan, attribution=attribution)


async def _place_once(prepared: PreparedOrder) -> Outcome:
    """Place a prepared order together with others for the same goods, and count it for its address.

    Only an order that is placed stays counted.

    Raises: LimitExceeded.
    """
    ctx, limits = prepared.ctx, unpaid_limits.by_address(prepared.ctx, prepared.plan)
    await unpaid_limits.count(ctx, limits)
    outcome = await in_one_transaction(
        place_all, prepared, shared=prepared.variant_ids, exclusive=prepared.exclusive_keys
    )
    if limits and not isinstance(outcome, Order):
        await ctx.gateways.rate_limits.give_back(limits)
    return outcome


async def _refusal(prepared: PreparedOrder, terms: Terms, outcome: StockGone) -> Exception:
    """Return the refusal of an order whose goods were sold to others meanwhile."""
    if terms.token is None:
        return outcome.shortage
    return await changed(prepared.ctx, prepared.request, prepared.plan.promise)


async def _placed_before(claim: Claim) -> Order | None:
    """Return the order that this key has placed. Raises: IdempotencyKeyReused."""
    order_id = await answered(claim)
    return None if order_id is None else await Order.get(id=order_id)
