"""Paid backorders get the pieces that have come to their place, those ordered first before others."""

from __future__ import annotations

from datetime import timedelta

from models.database import fetch, transaction
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.orders.states import FulfilmentMethod
from models.stock.backorders import StockPromise
from models.stock.states import PromiseStatus
from resolvers.context import Context
from resolvers.orders.fulfilments import change
from resolvers.outbox import announce
from resolvers.stock import backorders

_FILLABLE = """
SELECT promise.id, promise.order_id FROM stock_promise AS promise
JOIN stock_level AS level ON level.variant_id = promise.variant_id
  AND level.location_id = promise.location_id
WHERE promise.status = 'AWAITED' AND level.available > level.safety_stock
ORDER BY promise.id LIMIT ?
"""


async def fill_backorders(ctx: Context, limit: int = 100) -> int:
    """Fill up to `limit` awaited promises, each in a transaction of its own; answers how many got pieces."""
    return sum(
        [
            await transaction(_fill, ctx, row["id"], row["order_id"])
            for row in await fetch(_FILLABLE, limit)
        ]
    )


async def _fill(ctx: Context, promise_id: int, order_id: int) -> bool:
    order = await Order.filter(id=order_id).select_for_update().get()
    filled = await backorders.fill(ctx, promise_id)
    if filled is None:
        return False
    awaited = StockPromise.filter(fulfilment_id=filled.fulfilment_id, status=PromiseStatus.AWAITED)
    if not await awaited.exists():
        await _arrived(ctx, order, filled.fulfilment_id)
    return True


async def _arrived(ctx: Context, order: Order, fulfilment_id: int) -> None:
    """Everything is there: the place may go on, and a pickup may be collected from now on."""
    fulfilment = await Fulfilment.get(id=fulfilment_id).prefetch_related("location")
    fulfilment.awaits_until = None
    if fulfilment.method is FulfilmentMethod.STORE_PICKUP:
        fulfilment.pickup_expires_at = ctx.now() + timedelta(days=ctx.settings.pickup_days)
    await fulfilment.save(update_fields=["awaits_until", "pickup_expires_at", "updated_at"])
    await announce(ctx, [change("fulfilment.changed", order, fulfilment)])
