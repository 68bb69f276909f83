"""The lists of fulfilments and orders of stores and warehouses; schema/stores declares them."""

from __future__ import annotations

from collections.abc import Sequence

from resolvers.context import Context
from resolvers.orders import place_lists
from resolvers.orders.fulfilment.lists import FulfilmentSort
from resolvers.orders.order_lists import OrderSort
from resolvers.orm_pagination import PageRequest
from schema.orders.connections import OrderConnection
from schema.orders.fulfilment.types import Fulfilment
from schema.orders.list_inputs import FulfilmentFilter, OrderFilter
from schema.orders.types import Order
from schema.pagination import DocumentConnection


async def fulfilments_at(
    location_ids: Sequence[int],
    ctx: Context,
    filter: FulfilmentFilter | None,
    sort: FulfilmentSort | None,
    request: PageRequest,
) -> list[DocumentConnection[Fulfilment]]:
    """A page of what was sent to each place, in their order."""
    wanted = filter.wanted() if filter else place_lists.ALL_FULFILMENTS
    sort = sort or FulfilmentSort.NEWEST
    pages = await place_lists.fulfilments_at(ctx, location_ids, request, wanted, sort)
    tally = place_lists.tally_of_fulfilments(ctx, location_ids, wanted)
    return [
        DocumentConnection.of(pages[row_id], Fulfilment.of, tally, row_id)
        for row_id in location_ids
    ]


async def orders_of(
    store_ids: Sequence[int],
    ctx: Context,
    filter: OrderFilter | None,
    sort: OrderSort | None,
    request: PageRequest,
) -> list[OrderConnection]:
    """A page of the orders that count for each store, in their order."""
    wanted = filter.wanted() if filter else place_lists.ALL_ORDERS
    sort = sort or OrderSort.NEWEST
    pages = await place_lists.orders_of(ctx, store_ids, request, wanted, sort)
    tally = place_lists.tally_of_orders(ctx, store_ids, wanted)
    return [OrderConnection.of(pages[row_id], Order.of, tally, row_id) for row_id in store_ids]
