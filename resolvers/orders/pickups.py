"""Pickups: a code shown by the customer, previewed, and handed over once by the store it was routed to.

Codes that fit nothing here count as attempts at guessing, as many in a quarter of an hour as
`WRONG_CODES`; a slip that the check character catches does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from tortoise.queryset import QuerySet

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import Expired, NotFound, StateConflict
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.orders.payments import Refund, RefundStatus
from models.orders.pickup import MistypedCode, normalise_pickup_code
from models.orders.states import FulfilmentAction, FulfilmentStatus
from models.stores.locations import Location
from resolvers.attempts import count, guesses
from resolvers.background.outbox import announce
from resolvers.context import Context
from resolvers.idempotency import once
from resolvers.orders.fulfilment import completion
from resolvers.orders.fulfilment.fulfilments import change, lock
from resolvers.orders.fulfilment.steps import take
from resolvers.orders.part_cancelling import give_back
from resolvers.permissions import requires, scoped
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.serials import Scanned, SerialDraft, checked, given

WRONG_CODES, WINDOW_SECONDS = 20, 900
_WAITING = (FulfilmentStatus.OPEN, FulfilmentStatus.ACCEPTED, FulfilmentStatus.READY)


@requires(Permission.FULFILMENT_WRITE)
async def preview(ctx: Context, code: str) -> Fulfilment | None:
    """What a code would hand over at a store of the caller's; changes nothing.

    Raises: RateLimited after too many wrong codes.
    """
    return await _found(ctx, code)


@requires(Permission.FULFILMENT_WRITE)
async def collect(
    ctx: Context, code: str, idempotency_key: str, serials: Sequence[SerialDraft] = ()
) -> Fulfilment:
    """Hand over what a code stands for, once, while it is ready and has not expired.

    Raises: NotFound for a code that is not good here, StateConflict, Expired, RateLimited; InvalidInput,
    Duplicate for serial numbers that do not fit.
    """
    scanned = checked(serials)
    found = await _found(ctx, code)
    if found is None:
        raise NotFound("This code is not good here.", path=("code",))
    fulfilment_id = await transaction(_collect, ctx, found.id, idempotency_key, scanned)
    return await Fulfilment.get(id=fulfilment_id)


async def expire_pickups(ctx: Context, limit: int = 100) -> int:
    """Put back and refund what nobody has collected in time; answers how many pickups."""
    due = Fulfilment.filter(status__in=_WAITING, pickup_expires_at__lte=ctx.now())
    ids = [row.id for row in await due.order_by("pickup_expires_at").limit(limit).only("id")]
    return sum([await transaction(_expire, ctx, fulfilment_id) for fulfilment_id in ids])


async def _found(ctx: Context, code: str) -> Fulfilment | None:
    try:
        normal = normalise_pickup_code(code)
    except MistypedCode:
        return None
    limits = guesses(ctx, "pickup code", times=WRONG_CODES, seconds=WINDOW_SECONDS)
    await count(ctx, limits, "Too many wrong pickup codes. Try again in {seconds} seconds.")
    found = await _here(ctx, Fulfilment.filter(pickup_code=normal)).first()
    if found is not None:
        await ctx.gateways.rate_limits.give_back(limits)
    return found


def _here(ctx: Context, query: QuerySet[Fulfilment]) -> QuerySet[Fulfilment]:
    return scoped(query, ctx, Permission.FULFILMENT_WRITE, "location__organisation")


async def _collect(ctx: Context, fulfilment_id: int, key: str, scanned: Scanned) -> int:
    async def work() -> int:
        order, fulfilment = await lock(await Fulfilment.get(id=fulfilment_id))
        await _check(ctx, order, fulfilment)
        await take(ctx, fulfilment, FulfilmentAction.COLLECT, scanned, pickup_used_at=ctx.now())
        moved = change("fulfilment.changed", order, fulfilment)
        await announce(ctx, [moved, await completion.advance(ctx, order)])
        return fulfilment.id

    keyed = [fulfilment_id, *given(scanned)] if scanned else fulfilment_id
    return int(await once(ctx, "pickupCollect", key, keyed, work))


async def _refuse_again(fulfilment: Fulfilment) -> None:
    """Raises: StateConflict for a code that was used, with the store and the moment in its time."""
    if fulfilment.pickup_used_at is None:
        return
    place = await Location.get(id=fulfilment.location_id)
    moment = fulfilment.pickup_used_at.astimezone(ZoneInfo(place.timezone))
    raise StateConflict(
        "This was collected at {store} on {moment}.",
        state=fulfilment.status,
        path=("code",),
        store=place.name,
        moment=f"{moment:%Y-%m-%d %H:%M}",
    )


async def _check(ctx: Context, order: Order, fulfilment: Fulfilment) -> None:
    await _refuse_again(fulfilment)
    expires_at = fulfilment.pickup_expires_at
    if fulfilment.status in _WAITING and expires_at is not None and expires_at <= ctx.now():
        raise Expired("This pickup has expired; its money goes back.", path=("code",))
    open_refunds = Refund.filter(payment__order_id=order.id, status=RefundStatus.REQUESTED)
    # What went back for other parts is settled with them, and concerns this one no more.
    given_up = await Fulfilment.filter(order_id=order.id, refunded_minor__isnull=False)
    owed_minor = order.payable_minor - sum(each.refunded_minor or 0 for each in given_up)
    kept_minor = order.paid_minor - order.refunded_minor
    if kept_minor < owed_minor and await open_refunds.exists():
        raise StateConflict("A refund of this order is open.", state=fulfilment.status)


async def _expire(ctx: Context, fulfilment_id: int) -> bool:
    order, fulfilment = await lock(await Fulfilment.get(id=fulfilment_id))
    expires_at = fulfilment.pickup_expires_at
    if fulfilment.status not in _WAITING or expires_at is None or expires_at > ctx.now():
        return False
    await take(ctx, fulfilment, FulfilmentAction.EXPIRE)
    await allocation_holds.release(ctx, order.id, fulfilment.id)
    await give_back(ctx, order, fulfilment, "Not collected in time.")
    return True
