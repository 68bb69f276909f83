"""Variants that may be sold before they arrive, and orders for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from models.catalog.products import Variant
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.stock.backorders import StockBackorder
from models.stock.states import MovementReason, StockState
from models.stores.locations import Location
from resolvers.bulk_rows import OnError
from resolvers.context import SYSTEM, Context
from resolvers.orders.checkout import placing
from resolvers.orders.payment.settlement import Outcome
from resolvers.stock.allocation import backorders
from resolvers.stock.allocation.backorder_limits import BackorderDraft, set_backorders
from resolvers.stock.levels.adjustments import AdjustmentDraft, adjust
from tests.make.checkouts import PICKUP, checkout, choice, line
from tests.make.sales import a_guest, a_key, a_payment, settled
from tests.make.soundness import contradictions


def as_system(ctx: Context) -> Context:
    return replace(ctx, actor=SYSTEM, memory={})


async def allow(ctx: Context, variant: Variant, limit: int, days: int = 9) -> None:
    draft = BackorderDraft(
        sku=variant.sku, limit=limit, expected_on=backorders.today(ctx) + timedelta(days=days)
    )
    outcome = await set_backorders(as_system(ctx), [draft], OnError.REJECT_ALL)
    assert (outcome.updated, outcome.rejected) == (1, False)


async def order(
    ctx: Context, variant: Variant, store: Location, n: int = 1, method=PICKUP
) -> Order:  # type: ignore[no-untyped-def]
    draft = checkout([line(variant, n)], choice(method, store if method.in_person else None))
    return await placing.place(await a_guest(ctx), draft, a_key())


async def paid(ctx: Context, *arguments, **options) -> Order:  # type: ignore[no-untyped-def]
    """An order that has been placed and paid."""
    placed = await order(ctx, *arguments, **options)
    return await pay(ctx, placed)


async def pay(ctx: Context, placed: Order) -> Order:
    guest = replace(ctx, actor=replace((await a_guest(ctx)).actor, id=placed.guest_id), memory={})
    assert await settled(ctx, await a_payment(guest, placed)) is Outcome.PAID
    return placed


async def promised(variant: Variant) -> int:
    return (await StockBackorder.get(variant_id=variant.id)).promised


async def part_of(placed: Order) -> Fulfilment:
    return await Fulfilment.get(order_id=placed.id)


async def sound(ctx: Context) -> bool:
    return not await contradictions(as_system(ctx))


async def moved(
    ctx: Context, variant: Variant, store: Location, start: StockState, end: StockState, n: int = 3
) -> None:
    draft = AdjustmentDraft(
        location_code=store.code,
        sku=variant.sku,
        from_state=start,
        to_state=end,
        quantity=n,
        reason=MovementReason.ADJUSTMENT,
    )
    await adjust(ctx, draft, a_key())
