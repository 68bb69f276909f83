"""Placing an order: planned, written and its pieces held in one transaction, once for a key."""

from __future__ import annotations

from functools import partial

from models.database import transaction
from models.errors import InsufficientStock, Refusal, Refusals
from models.orders.carts import CartStatus
from models.orders.orders import Order
from resolvers.context import Context
from resolvers.idempotency import once
from resolvers.orders import settlement
from resolvers.orders.carts import touch
from resolvers.orders.checkout import CheckoutDraft
from resolvers.orders.orders import record_placed
from resolvers.orders.quoting import Plan, plan
from resolvers.orders.recording import Recorded, record
from resolvers.outbox import announce
from resolvers.permissions import for_shoppers
from resolvers.stock import reservations
from resolvers.stock.reservations import HoldRequest


class StockWent(Exception):
    """What the plan found was sold to somebody else before it could be held."""

    def __init__(self, found: Plan, shortage: Refusal | Refusals) -> None:
        super().__init__(str(shortage))
        self.plan = found
        self.shortage = shortage


@for_shoppers
async def place(ctx: Context, draft: CheckoutDraft, idempotency_key: str) -> Order:
    """The order of a checkout, its pieces held until `hold_expires_at`; an order that costs nothing is paid.

    Raises: InvalidInput, NotFound, StateConflict, OutOfRange, InsufficientStock, or Refusals with several,
    their paths below the input of `quoting.quote`; IdempotencyKeyReused.
    """
    try:
        order_id = await transaction(_place, ctx, draft, idempotency_key)
    except StockWent as first:
        if not any(parcel.routing for parcel in first.plan.parcels):
            raise first.shortage from None
        order_id = await _place_elsewhere(ctx, draft, idempotency_key)
    return await Order.get(id=order_id)


async def _place_elsewhere(ctx: Context, draft: CheckoutDraft, idempotency_key: str) -> int:
    """Another place may still have what went: once more, from the beginning."""
    try:
        return await transaction(_place, ctx, draft, idempotency_key)
    except StockWent as again:
        raise again.shortage from None


async def _place(ctx: Context, draft: CheckoutDraft, idempotency_key: str) -> int:
    work = partial(_place_once, ctx, draft)
    order_id: int = await once(ctx, "checkoutPlace", idempotency_key, draft, work)
    return order_id


async def _place_once(ctx: Context, draft: CheckoutDraft) -> int:
    found = await plan(ctx, draft, lock=True)
    if found.refusals:
        raise Refusals(found.refusals)
    recorded = await record(ctx, draft, found)
    await _hold(ctx, found, recorded)
    if found.basket.cart is not None:
        await touch(ctx, found.basket.cart, status=CartStatus.ORDERED)
    await announce(ctx, [await record_placed(ctx, recorded.order)])
    if recorded.order.payable_minor == 0:
        await settlement.settle_free(ctx, recorded.order.id)
    return recorded.order.id


async def _hold(ctx: Context, found: Plan, recorded: Recorded) -> None:
    parcels = list(zip(recorded.fulfilment_ids, found.parcels, strict=True))
    requests = [
        HoldRequest(
            variant_id=variant_id,
            location_id=parcel.location.id,
            quantity=quantity,
            fulfilment_id=fulfilment_id,
        )
        for fulfilment_id, parcel in parcels
        for variant_id, quantity in parcel.pieces.items()
    ]
    counter = frozenset(row_id for row_id, parcel in parcels if parcel.at_counter)
    try:
        await reservations.hold(
            ctx, recorded.order.id, requests, recorded.hold_expires_at, counter=counter
        )
    except (InsufficientStock, Refusals) as shortage:
        raise StockWent(found, shortage) from None
