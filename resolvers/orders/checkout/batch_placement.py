"""Placing prepared orders, any number of them in one transaction, each as if it had come by itself.

The steps are those of `placement`. Keys are claimed first, the levels of all orders are held by one guarded
update, and all rows are written in one trip. An order that cannot be placed leaves nothing behind and does
not affect the others.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from models.database import fetch, for_update, marks
from models.deferred_writes import flush
from models.errors import Refusals
from models.orders.carts import CartStatus
from models.orders.orders import Order
from resolvers.idempotency import Claim, claim_all, disclaim
from resolvers.orders.checkout.order_writer import Ids
from resolvers.orders.checkout.placement import (
    CartChanged,
    Outcome,
    PlacedBefore,
    PreparedOrder,
    StockGone,
    holds_of,
    write,
)
from resolvers.orders.checkout.unpaid_limits import beyond_limit
from resolvers.orders.payment import settlement
from resolvers.referrals import attribution
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation import holds as allocation_holds
from resolvers.stock.allocation.hold_allocation import Granted, grant
from resolvers.stock.ledger.ledger import announce_changed

Check = Callable[[Sequence[PreparedOrder]], Awaitable[Mapping[Claim, Outcome]]]


async def place_all(orders: Sequence[PreparedOrder]) -> list[Outcome]:
    """Return the outcome of each order, in their order of arrival. Runs inside the caller's transaction."""
    ids = await _claim(orders)
    outcomes: dict[Claim, Outcome] = {
        each.claim: PlacedBefore() for each in orders if each.claim not in ids
    }
    for check in _CHECKS:
        outcomes.update(await check(_without(orders, outcomes)))
    passed = _without(orders, outcomes)
    granted = await _hold(passed, ids)
    for prepared, missing in zip(passed, granted.shortages, strict=True):
        if missing:
            outcomes[prepared.claim] = StockGone(Refusals(missing))
    if refused := [claim for claim in ids if claim in outcomes]:
        await disclaim(refused)
    outcomes.update(await _write(_without(orders, outcomes), ids, granted))
    return [outcomes[each.claim] for each in orders]


def _without(
    orders: Sequence[PreparedOrder], outcomes: Mapping[Claim, Outcome]
) -> list[PreparedOrder]:
    return [each for each in orders if each.claim not in outcomes]


async def _claim(orders: Sequence[PreparedOrder]) -> dict[Claim, Ids]:
    """Claim the keys; return the new IDs of the orders whose keys are new."""
    plans = [each.plan for each in orders]
    claimed, given = await claim_all(
        [each.claim for each in orders],
        orders[0].ctx.now(),
        "sales_order",
        order_line=sum(len(plan.lines.quantities) for plan in plans),
        fulfilment=sum(len(plan.fulfilments) for plan in plans),
    )
    lines, fulfilments = iter(given["order_line"]), iter(given["fulfilment"])
    return {
        each.claim: Ids(
            claimed[each.claim],
            [next(lines) for _ in each.plan.lines.quantities],
            [next(fulfilments) for _ in each.plan.fulfilments],
        )
        for each in orders
        if each.claim in claimed
    }


async def _changed_carts(orders: Sequence[PreparedOrder]) -> dict[Claim, Outcome]:
    """Lock the carts; return the orders whose cart has changed since they were prepared."""
    carts = {each.claim: cart for each in orders if (cart := each.plan.lines.cart)}
    if not carts:
        return {}
    ids = sorted({cart.id for cart in carts.values()})
    rows = await fetch(
        "SELECT id, status, version, member_id, guest_id FROM cart"
        f" WHERE id IN ({marks(ids)}) ORDER BY id{for_update()}",
        *ids,
    )
    now = {
        (row["id"], row["status"], row["version"], row["member_id"], row["guest_id"])
        for row in rows
    }
    return {
        claim: CartChanged()
        for claim, cart in carts.items()
        if (cart.id, CartStatus.OPEN, cart.version, cart.member_id, cart.guest_id) not in now
    }


async def _beyond_backorders(orders: Sequence[PreparedOrder]) -> dict[Claim, Outcome]:
    """Lock the backorder limits, before any level; return the orders that exceed what is left of them."""
    wanted = {each.claim: each.awaited for each in orders}
    variant_ids = {variant_id for awaited in wanted.values() for variant_id in awaited}
    if not variant_ids:
        return {}
    left = backorders.rest(await backorders.locked(orders[0].ctx, variant_ids))
    refused: dict[Claim, Outcome] = {}
    for claim, awaited in wanted.items():
        if missing := backorders.missing(left, awaited):
            refused[claim] = StockGone(Refusals(missing))
        else:
            left.subtract(awaited)
    return refused


_CHECKS: tuple[Check, ...] = (beyond_limit, _changed_carts, _beyond_backorders)


async def _hold(orders: Sequence[PreparedOrder], ids: Mapping[Claim, Ids]) -> Granted:
    """Hold the stock of all orders; an order that lacks some of it holds nothing."""
    if not orders:
        return Granted((), {}, ())
    wants = [allocation_holds.moves_of(holds_of(each, ids[each.claim])) for each in orders]
    return await grant(orders[0].ctx, wants)


async def _write(
    orders: Sequence[PreparedOrder], ids: Mapping[Claim, Ids], granted: Granted
) -> dict[Claim, Outcome]:
    """Write the orders that hold their stock, announce their levels, and pay the free ones."""
    if not orders:
        return {}
    placed = {each.claim: await write(each, ids[each.claim], granted.levels) for each in orders}
    links = (each.attribution.share_link_id for each in orders)
    await attribution.count(link for link in links if link is not None)
    held = {key for each in orders for key in each.held_levels}
    levels = [level for key, level in granted.levels.items() if key in held]
    await announce_changed(orders[0].ctx, [*granted.freed, *levels])
    for each in orders:
        if placed[each.claim].payable_minor == 0:
            await _pay_free(each, placed[each.claim])
    return {**placed}


async def _pay_free(prepared: PreparedOrder, order: Order) -> None:
    await flush()
    await settlement.settle_free(prepared.ctx, order.id)
    await order.refresh_from_db()
