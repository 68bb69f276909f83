"""One prepared order in the transaction that places it: what it needs, and the rows that are written for it.

An order is placed in four steps:

1. Claim its key, together with the IDs of its rows.
2. Check the limit of its buyer, lock its cart, and check that the cart has not changed.
3. Lock the backorder limits, then hold stock: everything that it needs or nothing.
4. Write the order, its lines, fulfilments, holds, backorder allocations and history, and close its cart.

`batch_placement` takes each step for a list of orders; a single order is a list of one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass

from models.deferred_writes import update_later
from models.errors import LimitExceeded, Refusals
from models.orders.carts import CartStatus
from models.orders.orders import Order
from resolvers.background.outbox import announce
from resolvers.context import Context
from resolvers.idempotency import Claim
from resolvers.orders.checkout.fulfilment_planning import PlannedFulfilment
from resolvers.orders.checkout.lines import LevelKey
from resolvers.orders.checkout.order_writer import Ids, record
from resolvers.orders.checkout.quoting import Plan
from resolvers.orders.checkout.request import CheckoutRequest
from resolvers.orders.orders import record_placed
from resolvers.referrals.attribution import Attribution
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.allocation.holds import HoldRequest, OrderHolds
from resolvers.stock.ledger.ledger import ChangedLevel


class PlacedBefore(Exception):
    """The key has been used before, for this input or another one."""


class CartChanged(Exception):
    """The cart has changed since it was read."""


class StockGone(Exception):
    """Goods of the plan were sold to others before they could be held."""

    def __init__(self, shortage: Refusals) -> None:
        super().__init__(str(shortage))
        self.shortage = shortage


Outcome = Order | PlacedBefore | CartChanged | StockGone | LimitExceeded


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedOrder:
    """An order that is worked out and not yet placed; `claim` is the key of the request."""

    ctx: Context
    claim: Claim
    request: CheckoutRequest
    plan: Plan
    attribution: Attribution

    @property
    def variant_ids(self) -> frozenset[int]:
        """The variants that it sells."""
        return frozenset(self.plan.lines.quantities)

    @property
    def exclusive_keys(self) -> frozenset[Hashable]:
        """What two orders of one batch must not have in common: the key of the request, and the cart."""
        keys: set[Hashable] = {("key", self.claim.scope, self.claim.key)}
        if (cart := self.plan.lines.cart) is not None:
            keys.add(("cart", str(cart.id), ""))
        return frozenset(keys)

    @property
    def awaited(self) -> Counter[int]:
        """The quantities, by variant ID, that are sold before they arrive."""
        awaited: Counter[int] = Counter()
        for each in self.plan.fulfilments:
            awaited.update(each.awaited)
        return awaited

    @property
    def held_levels(self) -> set[LevelKey]:
        """The keys of the levels that hold stock for it."""
        return {(v, each.location_id) for each in self.plan.fulfilments for v in each.in_stock}

    @property
    def may_come_from_elsewhere(self) -> bool:
        """Whether another attempt may find other locations for its goods."""
        return any(each.routing or each.awaited for each in self.plan.fulfilments)


def holds_of(prepared: PreparedOrder, ids: Ids) -> OrderHolds:
    """Return the holds of everything that is in stock."""
    fulfilments = list(zip(ids.fulfilments, prepared.plan.fulfilments, strict=True))
    requests = [
        request
        for fulfilment_id, planned in fulfilments
        for request in _requests(fulfilment_id, planned, planned.in_stock)
    ]
    counter = frozenset(row_id for row_id, planned in fulfilments if planned.at_counter)
    return OrderHolds(ids.order, requests, counter)


async def write(
    prepared: PreparedOrder, ids: Ids, levels: Mapping[LevelKey, ChangedLevel]
) -> Order:
    """Write an order whose stock is held at these levels, and close its cart; announce the order."""
    ctx = prepared.ctx
    order = await record(ctx, prepared.request, prepared.plan, prepared.attribution, ids)
    assert order.hold_expires_at is not None  # noqa: S101 - it has just been set
    await allocation_holds.record_held(ctx, holds_of(prepared, ids), levels, order.hold_expires_at)
    await backorders.allocate(ctx, order.id, _backorders(prepared, ids))
    await announce(ctx, [await record_placed(ctx, order)])
    if (cart := prepared.plan.lines.cart) is not None:
        row = (cart.id, CartStatus.ORDERED, cart.version + 1, ctx.now())
        await update_later("cart", ("id", "status", "version", "updated_at"), [row])
    return order


def _backorders(prepared: PreparedOrder, ids: Ids) -> list[HoldRequest]:
    fulfilments = zip(ids.fulfilments, prepared.plan.fulfilments, strict=True)
    return [
        request
        for fulfilment_id, planned in fulfilments
        for request in _requests(fulfilment_id, planned, planned.awaited)
    ]


def _requests(
    fulfilment_id: int, planned: PlannedFulfilment, quantities: Mapping[int, int]
) -> Iterator[HoldRequest]:
    for variant_id, quantity in quantities.items():
        yield HoldRequest(
            variant_id=variant_id,
            location_id=planned.location_id,
            quantity=quantity,
            fulfilment_id=fulfilment_id,
        )
