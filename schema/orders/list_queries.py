from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.orders import cart_lists, order_lists
from resolvers.orders.order_lists import OrderSort
from resolvers.paging import PageRequest
from schema.cost.directives import cost
from schema.cost.prices import SORTED_LIST
from schema.info import Info
from schema.list_arguments import WHICH, After, Before, First, Last
from schema.orders.cart_types import Cart
from schema.orders.connections import OrderConnection
from schema.orders.list_inputs import CartFilter, OrderFilter
from schema.orders.types import Order
from schema.pagination import TalliedConnection


@strawberry.type
class OrderListQueries:
    @cost(SORTED_LIST)
    @strawberry.field
    async def orders(
        self,
        info: Info,
        filter: Annotated[OrderFilter | None, WHICH] = None,
        sort: Annotated[
            OrderSort | None, strawberry.argument(description="NEWEST without it.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> OrderConnection:
        """Your own orders, or those of your territory; the latest first."""
        ctx, wanted = info.context, filter.wanted() if filter else order_lists.OrderFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await order_lists.page(ctx, wanted, request, sort or OrderSort.NEWEST)
        return OrderConnection.of(page, Order.of, await order_lists.tally(ctx, wanted))

    @strawberry.field
    async def carts(
        self,
        info: Info,
        filter: Annotated[CartFilter | None, WHICH] = None,
        first: First = None,
        after: After = None,
    ) -> TalliedConnection[Cart]:
        """Your own carts, those that you began as a guide, or those of the guides where you serve.

        The latest changed comes first.
        """
        ctx, wanted = info.context, filter.wanted() if filter else cart_lists.CartFilter()
        page = await cart_lists.page(ctx, wanted, PageRequest(first=first, after=after))
        return TalliedConnection.of(page, Cart.of, await cart_lists.tally(ctx, wanted))
