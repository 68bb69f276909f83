"""What a store does with a fulfilment: accept, ready, ship, hand over; and the customer's confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import InvalidInput, StateConflict
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.orders.states import (
    NEEDS_GOODS,
    FulfilmentAction,
    FulfilmentMethod,
    FulfilmentStatus,
    OrderStatus,
    next_status,
)
from resolvers.background.outbox import announce
from resolvers.context import Context
from resolvers.orders.fulfilment import completion, histories
from resolvers.orders.fulfilment.fulfilments import change, lock, locked, of_own_orders
from resolvers.permissions import for_customers, requires
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.serials import Scanned, SerialDraft, checked
from resolvers.validation import text_of

_GONE = (FulfilmentStatus.SHIPPED, FulfilmentStatus.DONE)


@dataclass(frozen=True, slots=True)
class ShipmentDraft:
    fulfilment_id: int
    carrier: str
    tracking_number: str
    serials: Sequence[SerialDraft] = ()


@requires(Permission.FULFILMENT_WRITE)
async def accept(ctx: Context, fulfilment_id: int) -> Fulfilment:
    """The place will do it; staff who accept it are its assignee.

    Raises: NotFound, StateConflict; so do the steps that follow.
    """
    columns = {"assignee_id": ctx.staff_id, "unfillable": False}
    return await transaction(_step, ctx, fulfilment_id, FulfilmentAction.ACCEPT, columns)


@requires(Permission.FULFILMENT_WRITE)
async def ready(ctx: Context, fulfilment_id: int) -> Fulfilment:
    """Packed. A pickup may be collected from now on, for as many days as the settings say."""
    return await transaction(_step, ctx, fulfilment_id, FulfilmentAction.READY, {})


@requires(Permission.FULFILMENT_WRITE)
async def ship(ctx: Context, draft: ShipmentDraft) -> Fulfilment:
    """The goods have left the location, with this carrier.

    Raises: InvalidInput, NotFound, StateConflict; Duplicate for serial numbers given twice.
    """
    scanned = checked(draft.serials)
    columns = {
        "carrier": text_of(draft.carrier, "carrier", 64),
        "tracking_number": text_of(draft.tracking_number, "trackingNumber", 64),
        "shipped_at": ctx.now(),
    }
    return await transaction(
        _step, ctx, draft.fulfilment_id, FulfilmentAction.SHIP, columns, scanned
    )


@requires(Permission.FULFILMENT_WRITE)
async def complete(
    ctx: Context, fulfilment_id: int, serials: Sequence[SerialDraft] = ()
) -> Fulfilment:
    """Delivered, or handed over at the counter; an order handed over in person is complete.

    Raises: NotFound, StateConflict; InvalidInput, Duplicate for serial numbers that do not fit.
    """
    scanned = checked(serials)
    return await transaction(_step, ctx, fulfilment_id, FulfilmentAction.COMPLETE, {}, scanned)


@for_customers
async def confirm(ctx: Context, fulfilment_id: int) -> Fulfilment:
    """The customer has it. Once all parts are there, the order need not wait any longer.

    Raises: NotFound for somebody else's, StateConflict for what is not on its way.
    """
    return await transaction(_confirm, ctx, fulfilment_id)


async def take(
    ctx: Context,
    fulfilment: Fulfilment,
    action: FulfilmentAction,
    scanned: Scanned = MappingProxyType({}),
    *,
    note: str | None = None,
    **columns: Any,
) -> None:
    """One step of a fulfilment whose order is locked, and the stock that leaves with it.

    Raises: StateConflict; InvalidInput, NotFound when the wrong serial numbers were scanned for it.
    """
    had_left, before = fulfilment.status in _GONE, fulfilment.status
    if fulfilment.awaits_until and action in NEEDS_GOODS:
        raise StateConflict("The goods are not all there yet.", state=fulfilment.status)
    columns["status"] = next_status(fulfilment.status, fulfilment.method, action)
    if columns["status"] is FulfilmentStatus.DONE:
        columns["done_at"] = ctx.now()
    fulfilment.update_from_dict(columns)
    await fulfilment.save(update_fields=[*columns, "updated_at"])
    await histories.record(ctx, [(fulfilment.id, before)], fulfilment.status, note)
    if fulfilment.status in _GONE and not had_left:
        await allocation_holds.hand_over(ctx, fulfilment.id, scanned)
    elif scanned:
        raise InvalidInput("No pieces leave with this step.", path=("serials",))
    if fulfilment.status is FulfilmentStatus.DONE:
        await completion.count_handed_over(fulfilment)


async def _step(
    ctx: Context,
    fulfilment_id: int,
    action: FulfilmentAction,
    columns: dict[str, Any],
    scanned: Scanned = MappingProxyType({}),
) -> Fulfilment:
    order, fulfilment = await locked(ctx, fulfilment_id)
    if action is FulfilmentAction.READY and fulfilment.method is FulfilmentMethod.STORE_PICKUP:
        lapse = timedelta(days=ctx.settings.pickup_days)
        columns = {**columns, "pickup_expires_at": ctx.now() + lapse}
    await take(ctx, fulfilment, action, scanned, **columns)
    moved = change("fulfilment.changed", order, fulfilment)
    await announce(ctx, [moved, await completion.advance(ctx, order)])
    return fulfilment


async def _confirm(ctx: Context, fulfilment_id: int) -> Fulfilment:
    own = Fulfilment.filter(of_own_orders(ctx), id=fulfilment_id)
    order, fulfilment = await lock(await own.first())
    changes = []
    if not _delivered(order, fulfilment):
        if fulfilment.status is not FulfilmentStatus.SHIPPED:
            raise StateConflict(
                "A fulfilment that is {state} does not allow this.", state=fulfilment.status
            )
        await take(ctx, fulfilment, FulfilmentAction.COMPLETE)
        changes.append(change("fulfilment.changed", order, fulfilment))
    changes.append(await completion.advance(ctx, order, confirmed=True))
    await announce(ctx, changes)
    return fulfilment


def _delivered(order: Order, fulfilment: Fulfilment) -> bool:
    """The store has said so already, and the order waits for nothing but the customer's word."""
    done = fulfilment.status is FulfilmentStatus.DONE and not fulfilment.method.in_person
    return done and order.status in (OrderStatus.FULFILLED, OrderStatus.COMPLETED)
