from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from resolvers.context import Context
from resolvers.orders import subscriptions as orders_subscriptions
from schema.info import Info
from schema.nodes.nodes import optional_row_id, row_id
from schema.orders.fulfilment.types import Fulfilment
from schema.orders.types import Order
from schema.scalars import BigInt


@strawberry.type
class OrderSubscriptions:
    @strawberry.subscription
    async def fulfilment_assigned(
        self, info: Info, location_id: strawberry.ID, after: BigInt | None = None
    ) -> AsyncGenerator[Fulfilment, None]:
        """What is routed to a location. `after` is a sequence already seen, out of `extensions`.

        Without it, whatever waits there for its ticket to be printed comes first.
        """
        ctx = info.context
        place = row_id(location_id, "Store", "Warehouse", path=("locationId",))
        async with aclosing(await orders_subscriptions.assigned(ctx, place, after)) as rows:
            async for row, sequence in rows:
                _note(ctx, sequence)
                yield Fulfilment.of(row)

    @strawberry.subscription
    async def fulfilment_changed(
        self,
        info: Info,
        location_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only at this place.")
        ] = None,
        fulfilment_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this one.")
        ] = None,
        after: Annotated[
            BigInt | None, strawberry.argument(description="A sequence already seen.")
        ] = None,
    ) -> AsyncGenerator[Fulfilment, None]:
        """Fulfilments that you may see, each time they come to a place or change."""
        ctx = info.context
        place = optional_row_id(location_id, "Store", "Warehouse", path=("locationId",))
        row = optional_row_id(fulfilment_id, "Fulfilment", path=("fulfilmentId",))
        async with aclosing(
            await orders_subscriptions.fulfilments_changed(ctx, place, row, after)
        ) as rows:
            async for found, sequence in rows:
                _note(ctx, sequence)
                yield Fulfilment.of(found)

    @strawberry.subscription
    async def order_changed(
        self,
        info: Info,
        order_id: strawberry.ID | None = None,
        store_id: strawberry.ID | None = None,
        after: BigInt | None = None,
    ) -> AsyncGenerator[Order, None]:
        """Orders that you may see, each time they change; `after` is a sequence already seen."""
        ctx = info.context
        order = optional_row_id(order_id, "Order", path=("orderId",))
        store = optional_row_id(store_id, "Store", "Warehouse", path=("storeId",))
        async with aclosing(await orders_subscriptions.changed(ctx, order, store, after)) as rows:
            async for row, sequence in rows:
                _note(ctx, sequence)
                yield Order.of(row)


def _note(ctx: Context, sequence: int) -> None:
    """The sequence to go on from after a break, for the extensions of this event."""
    ctx.memory["event_extensions"] = {"sequence": str(sequence)}
