"""Booking planned orders, any number of them in one transaction, each as if it had come by itself.

Keys are claimed first, the levels of all orders are taken by one guarded update, and whatever is written
goes in one trip. An order that cannot be booked leaves nothing behind and holds nobody up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from models.database import fetch, for_update, marks
from models.deferred_writes import flush, update_later
from models.errors import LimitExceeded, Refusals
from models.orders.carts import CartStatus
from models.orders.orders import Order
from resolvers.background.outbox import announce
from resolvers.context import Context
from resolvers.idempotency import Claim, claim_all, disclaim
from resolvers.orders.checkout.fulfilment_planning import PlannedFulfilment
from resolvers.orders.checkout.order_writer import Ids, record
from resolvers.orders.checkout.quoting import Plan
from resolvers.orders.checkout.request import CheckoutRequest
from resolvers.orders.checkout.unpaid_pieces import beyond
from resolvers.orders.orders import record_placed
from resolvers.orders.payment import settlement
from resolvers.referrals import attribution
from resolvers.referrals.attribution import Attribution
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.allocation.hold_allocation import Granted, grant
from resolvers.stock.allocation.holds import HoldRequest
from resolvers.stock.ledger.ledger import announce_changed


class PlacedBefore(Exception):
    """The key has been answered before, or came with another input: whoever asks looks it up."""


class BasketChanged(Exception):
    """Somebody has changed the cart since it was read: it has to be looked at again."""


class StockWent(Exception):
    """What the plan found was sold to somebody else before it could be held."""

    def __init__(self, shortage: Refusals) -> None:
        super().__init__(str(shortage))
        self.shortage = shortage


@dataclass(frozen=True, slots=True, kw_only=True)
class Booking:
    """An order worked out, and whose it is."""

    ctx: Context
    claim: Claim
    draft: CheckoutRequest
    plan: Plan
    counts_for: Attribution


Outcome = Order | PlacedBefore | BasketChanged | StockWent | LimitExceeded


async def book(bookings: Sequence[Booking]) -> list[Outcome]:
    """The outcome of each, in their order of arrival. Runs inside the caller's transaction."""
    ids = await _claimed(bookings)
    outcomes: dict[Claim, Outcome] = {
        each.claim: PlacedBefore() for each in bookings if each.claim not in ids
    }
    outcomes |= await beyond([each for each in bookings if each.claim not in outcomes])
    outcomes |= await _changed_baskets([each for each in bookings if each.claim not in outcomes])
    outcomes |= await _beyond_backorders([each for each in bookings if each.claim not in outcomes])
    going = [each for each in bookings if each.claim not in outcomes]
    granted = await _grant(going, ids)
    for booking, missing in zip(going, granted.shortages, strict=True):
        if missing:
            outcomes[booking.claim] = StockWent(Refusals(missing))
    if undone := [claim for claim in ids if claim in outcomes]:
        await disclaim(undone)
    placed = [each for each in going if each.claim not in outcomes]
    outcomes |= await _write(placed, ids, granted)
    return [outcomes[each.claim] for each in bookings]


async def _claimed(bookings: Sequence[Booking]) -> dict[Claim, Ids]:
    """The new IDs of those whose keys nobody had before."""
    orders, given = await claim_all(
        [each.claim for each in bookings],
        bookings[0].ctx.now(),
        "sales_order",
        order_line=sum(len(each.plan.basket.pieces) for each in bookings),
        fulfilment=sum(len(each.plan.parcels) for each in bookings),
    )
    lines, parts = iter(given["order_line"]), iter(given["fulfilment"])
    return {
        each.claim: Ids(
            orders[each.claim],
            [next(lines) for _ in each.plan.basket.pieces],
            [next(parts) for _ in each.plan.parcels],
        )
        for each in bookings
        if each.claim in orders
    }


async def _changed_baskets(bookings: Sequence[Booking]) -> dict[Claim, Outcome]:
    """Lock the carts; answers those that are not as they were when their order was worked out."""
    carts = {each.plan.basket.cart.id: each for each in bookings if each.plan.basket.cart}
    if not carts:
        return {}
    rows = await fetch(
        "SELECT id, status, version, member_id, guest_id FROM cart"
        f" WHERE id IN ({marks(list(carts))}) ORDER BY id{for_update()}",
        *sorted(carts),
    )
    standing = {
        (row["id"], row["status"], row["version"], row["member_id"], row["guest_id"])
        for row in rows
    }
    return {
        each.claim: BasketChanged()
        for each in bookings
        if (cart := each.plan.basket.cart)
        and (cart.id, CartStatus.OPEN, cart.version, cart.member_id, cart.guest_id) not in standing
    }


async def _beyond_backorders(bookings: Sequence[Booking]) -> dict[Claim, Outcome]:
    """Lock the backorders, before any level; answers those that are promised more than is left of them."""
    wants = {each.claim: _awaited(each) for each in bookings}
    wanted = {variant_id for awaited in wants.values() for variant_id in awaited}
    if not wanted:
        return {}
    left = backorders.rest(await backorders.locked(bookings[0].ctx, wanted))
    beyond: dict[Claim, Outcome] = {}
    for claim, awaited in wants.items():
        if missing := backorders.missing(left, awaited):
            beyond[claim] = StockWent(Refusals(missing))
        else:
            left.subtract(awaited)
    return beyond


def _awaited(booking: Booking) -> Counter[int]:
    awaited: Counter[int] = Counter()
    for parcel in booking.plan.parcels:
        awaited.update(parcel.awaited)
    return awaited


async def _grant(bookings: Sequence[Booking], ids: dict[Claim, Ids]) -> Granted:
    if not bookings:
        return Granted((), {}, ())
    wants = [allocation_holds.moves_of(_order_holds(each, ids[each.claim])) for each in bookings]
    return await grant(bookings[0].ctx, wants)


def _order_holds(booking: Booking, ids: Ids) -> allocation_holds.OrderHolds:
    parcels = list(zip(ids.fulfilments, booking.plan.parcels, strict=True))
    requests = [
        request
        for fulfilment_id, parcel in parcels
        for request in _requests(fulfilment_id, parcel, parcel.at_hand)
    ]
    counter = frozenset(row_id for row_id, parcel in parcels if parcel.at_counter)
    return allocation_holds.OrderHolds(ids.order, requests, counter)


def _promises(booking: Booking, ids: Ids) -> list[HoldRequest]:
    parcels = zip(ids.fulfilments, booking.plan.parcels, strict=True)
    return [
        request
        for fulfilment_id, parcel in parcels
        for request in _requests(fulfilment_id, parcel, parcel.awaited)
    ]


def _requests(
    fulfilment_id: int, parcel: PlannedFulfilment, pieces: Mapping[int, int]
) -> Iterator[HoldRequest]:
    for variant_id, quantity in pieces.items():
        yield HoldRequest(
            variant_id=variant_id,
            location_id=parcel.location_id,
            quantity=quantity,
            fulfilment_id=fulfilment_id,
        )


async def _write(
    bookings: Sequence[Booking], ids: dict[Claim, Ids], granted: Granted
) -> dict[Claim, Outcome]:
    placed: dict[Claim, Outcome] = {}
    changes = []
    for each in bookings:
        ctx, own = each.ctx, ids[each.claim]
        order = await record(ctx, each.draft, each.plan, each.counts_for, own)
        assert order.hold_expires_at is not None  # noqa: S101 - it has just been set
        holds = _order_holds(each, own)
        await allocation_holds.record_held(ctx, holds, granted.levels, order.hold_expires_at)
        await backorders.allocate(ctx, order.id, _promises(each, own))
        changes.append((ctx, await record_placed(ctx, order)))
        placed[each.claim] = order
    for ctx, change in changes:
        await announce(ctx, [change])
    links = [each.counts_for.share_link_id for each in bookings]
    await attribution.count(link for link in links if link is not None)
    if placed:
        taken = {place for each in bookings for place in _places(each)}
        levels = [level for place, level in granted.levels.items() if place in taken]
        await announce_changed(bookings[0].ctx, [*granted.freed, *levels])
    await _finish(bookings, placed)
    return placed


def _places(booking: Booking) -> set[tuple[int, int]]:
    return {(v, parcel.location_id) for parcel in booking.plan.parcels for v in parcel.at_hand}


async def _finish(bookings: Sequence[Booking], placed: dict[Claim, Outcome]) -> None:
    """Close the carts, and pay what costs nothing."""
    for each in bookings:
        if (cart := each.plan.basket.cart) is not None:
            row = (cart.id, CartStatus.ORDERED, cart.version + 1, each.ctx.now())
            await update_later("cart", ("id", "status", "version", "updated_at"), [row])
        order = placed[each.claim]
        if isinstance(order, Order) and order.payable_minor == 0:
            await flush()
            await settlement.settle_free(each.ctx, order.id)
            await order.refresh_from_db()
