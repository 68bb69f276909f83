"""A part of a paid order that cannot reach its customer ends with its money, whatever became of the others.

    cancel      nothing has left: the goods stay, and are free again
    take_back   shipped and back again (refused at the door, not found): the goods are put where they are told

What the part paid goes back exactly, with its fee, by the payments that brought it. Commissions follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import InvalidInput, NotFound
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.orders.states import FulfilmentAction, OrderStatus
from models.stock.states import StockState
from models.stores.locations import Location
from resolvers.background.outbox import announce
from resolvers.context import Context
from resolvers.idempotency import once
from resolvers.orders.fulfilment import completion
from resolvers.orders.fulfilment.fulfilments import change, lines_of, locked
from resolvers.orders.fulfilment.steps import take
from resolvers.orders.orders import record_event
from resolvers.orders.payment.refunds import refund_fulfilment, refund_order
from resolvers.permissions import requires, scoped
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.customer_returns import ReturnedGoods, put_back
from resolvers.stock.serials import Scanned, SerialDraft, checked, given
from resolvers.validation import text_of

RESTOCKS = (
    StockState.AVAILABLE,
    StockState.DAMAGED,
    StockState.QUARANTINED,
    StockState.OUTSIDE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnDraft:
    """Goods of a part that came back: where they are put, and in which state; OUTSIDE writes them off."""

    fulfilment_id: int
    location_id: int
    restock: StockState
    reason: str
    serials: Sequence[SerialDraft] = ()


@requires(Permission.ORDER_CANCEL)
async def cancel(ctx: Context, fulfilment_id: int, reason: str, idempotency_key: str) -> Fulfilment:
    """Call a part off before anything of it has left, and give its money back.

    Raises: InvalidInput, NotFound, StateConflict, IdempotencyKeyReused.
    """
    reason = text_of(reason, "reason", 200)
    row_id = await transaction(_cancel, ctx, fulfilment_id, reason, idempotency_key)
    return await Fulfilment.get(id=row_id)


@requires(Permission.ORDER_CANCEL)
async def take_back(ctx: Context, draft: ReturnDraft, idempotency_key: str) -> Fulfilment:
    """Take in a shipped part that could not be handed over, and give its money back.

    Raises: InvalidInput, NotFound, StateConflict, IdempotencyKeyReused; Duplicate for serial numbers.
    """
    text_of(draft.reason, "reason", 200)
    if draft.restock not in RESTOCKS:
        raise InvalidInput("Goods cannot come back to this state.", path=("restock",))
    scanned = checked(draft.serials)
    row_id = await transaction(_take_back, ctx, draft, scanned, idempotency_key)
    return await Fulfilment.get(id=row_id)


async def give_back(ctx: Context, order: Order, fulfilment: Fulfilment, reason: str) -> None:
    """Refund a part that has ended without its customer, and bring its locked order on."""
    await refund_fulfilment(ctx, order, fulfilment, reason)
    await record_event(ctx, order, order.status, f"{fulfilment.number}: {reason}")
    moved = await completion.advance(ctx, order)
    if order.status is OrderStatus.CANCELLED:
        await refund_order(ctx, order, reason)  # what belongs to no part
    await announce(ctx, [change("fulfilment.changed", order, fulfilment), moved])


async def _cancel(ctx: Context, fulfilment_id: int, reason: str, key: str) -> int:
    async def work() -> int:
        order, fulfilment = await locked(ctx, fulfilment_id, Permission.ORDER_CANCEL)
        if fulfilment.awaits_until:
            await backorders.lock(order.id)
        await take(ctx, fulfilment, FulfilmentAction.CANCEL, note=reason)
        if fulfilment.awaits_until:
            await backorders.release(ctx, order.id, fulfilment.id)
        await allocation_holds.release(ctx, order.id, fulfilment.id)
        await give_back(ctx, order, fulfilment, reason)
        return fulfilment.id

    return int(await once(ctx, "fulfilmentCancel", key, [fulfilment_id, reason], work))


async def _take_back(ctx: Context, draft: ReturnDraft, scanned: Scanned, key: str) -> int:
    async def work() -> int:
        order, fulfilment = await locked(ctx, draft.fulfilment_id, Permission.ORDER_CANCEL)
        location = await _place(ctx, order, draft.location_id)
        await take(ctx, fulfilment, FulfilmentAction.RETURN, note=draft.reason)
        lines = (await lines_of(ctx, [fulfilment.id]))[fulfilment.id]
        pieces = {line.variant_id: line.quantity for line in lines}
        back = ReturnedGoods(pieces, location.id, draft.restock, ("Order", order.id))
        await put_back(ctx, back, scanned)
        await give_back(ctx, order, fulfilment, draft.reason)
        return fulfilment.id

    keyed = [draft.fulfilment_id, draft.location_id, draft.restock, draft.reason, given(scanned)]
    return int(await once(ctx, "fulfilmentReturn", key, keyed, work))


async def _place(ctx: Context, order: Order, location_id: int) -> Location:
    """Where the goods are put: a place of the order's merchant, in the caller's territory."""
    query = Location.filter(id=location_id, merchant_id=order.merchant_id)
    found = await scoped(query, ctx, Permission.ORDER_CANCEL, "organisation").first()
    if found is None:
        raise NotFound("There is no such store or warehouse.", path=("locationId",))
    return found
