from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.orders import contact_looks, order_lists
from resolvers.orders.cart import lists as cart_lists
from resolvers.orders.contact_looks import LookFilter
from resolvers.orders.order_lists import OrderSort
from resolvers.orm_pagination import PageRequest
from schema.cost.directives import cost
from schema.cost.prices import SORTED_LIST
from schema.info import Info
from schema.list_arguments import WHICH, After, Before, First, Last
from schema.orders.audit_types import AuditEntry, AuditFilter
from schema.orders.checkout.cart_types import Cart
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

    @cost(SORTED_LIST)
    @strawberry.field
    async def audit_log(
        self,
        info: Info,
        filter: Annotated[AuditFilter | None, WHICH] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> TalliedConnection[AuditEntry]:
        """Who looked at the contacts of orders that count or are fulfilled where you hold AUDIT_READ.

        The latest comes first.
        """
        ctx, wanted = info.context, filter.wanted() if filter else LookFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await contact_looks.page(ctx, wanted, request)
        return TalliedConnection.of(page, AuditEntry.of, await contact_looks.tally(ctx, wanted))

    @strawberry.field
    async def carts(
        self,
        info: Info,
        filter: Annotated[CartFilter | None, WHICH] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> TalliedConnection[Cart]:
        """Your own carts, those that you began as a guide, or those of the guides where you serve.

        The latest changed comes first.
        """
        ctx, wanted = info.context, filter.wanted() if filter else cart_lists.CartFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await cart_lists.page(ctx, wanted, request)
        return TalliedConnection.of(page, Cart.of, await cart_lists.tally(ctx, wanted))
