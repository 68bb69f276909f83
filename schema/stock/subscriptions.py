"""The subscription to changes of stock levels."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

import strawberry

from resolvers.stock import subscriptions as stock_subscriptions
from schema.info import Info
from schema.nodes.nodes import row_id
from schema.scalars import BigInt
from schema.stock.types import StockLevel


@strawberry.type
class StockSubscriptions:
    """The subscription to stock levels."""

    @strawberry.subscription
    async def stock_changed(
        self,
        info: Info,
        variant_ids: list[strawberry.ID] | None = None,
        location_ids: list[strawberry.ID] | None = None,
        after: BigInt | None = None,
    ) -> AsyncGenerator[StockLevel, None]:
        """A level as it is now, whenever it has changed; changes close together may come as one.

        `after` is a sequence already seen, out of `extensions.sequence` of an earlier event.
        """
        ctx = info.context
        variants = _row_ids(variant_ids, "variantIds", "Variant")
        locations = _row_ids(location_ids, "locationIds", "Store", "Warehouse")
        changes = await stock_subscriptions.changed(ctx, variants, locations, after)
        async with aclosing(changes) as levels:
            async for level, sequence in levels:
                ctx.memory["event_extensions"] = {"sequence": str(sequence)}
                yield StockLevel.of(level)


def _row_ids(ids: list[strawberry.ID] | None, name: str, *kinds: str) -> set[int] | None:
    if ids is None:
        return None
    return {row_id(each, *kinds, path=(name, index)) for index, each in enumerate(ids)}
