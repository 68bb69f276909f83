"""Suppliers, purchase orders and supplier returns: one of each, and their lists; the value of stock."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.orm_pagination import PageRequest
from resolvers.stock.costs import valuation as costs_valuation
from resolvers.stock.documents import lists, reading
from resolvers.stock.documents.kinds import PURCHASE_ORDERS, SUPPLIER_RETURNS
from resolvers.stock.documents.lists import DocumentFilter
from resolvers.stock.purchasing import suppliers
from resolvers.stock.purchasing.suppliers import SupplierQuery
from schema.cost.directives import cost
from schema.info import Info
from schema.list_arguments import WHICH, After, Before, First, Last
from schema.nodes.nodes import optional_row_id
from schema.pagination import DocumentConnection, TalliedConnection
from schema.stock.cost_types import StockValue
from schema.stock.documents.filters import (
    PurchaseOrderFilter,
    SupplierReturnFilter,
)
from schema.stock.documents.lists import connection_of
from schema.stock.purchasing.filters import SupplierFilter
from schema.stock.purchasing.return_types import SupplierReturn
from schema.stock.purchasing.types import PurchaseOrder, Supplier


@strawberry.type
class PurchaseQueries:
    """Root fields about suppliers, purchase orders and supplier returns."""

    @strawberry.field
    async def supplier(self, info: Info, code: str) -> Supplier | None:
        """Return one supplier of the merchant."""
        row = await suppliers.get(info.context, code)
        return Supplier.of(row) if row else None

    @strawberry.field
    async def suppliers(
        self,
        info: Info,
        filter: SupplierFilter | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> TalliedConnection[Supplier]:
        """The merchant's suppliers, by code."""
        ctx, wanted = info.context, filter.query() if filter else SupplierQuery()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await suppliers.page(ctx, wanted, request)
        return TalliedConnection.of(page, Supplier.of, await suppliers.tally(ctx, wanted))

    @strawberry.field
    async def purchase_order(
        self, info: Info, id: strawberry.ID | None = None, number: str | None = None
    ) -> PurchaseOrder | None:
        """A purchase order for a place in your territory."""
        order_id = optional_row_id(id, "PurchaseOrder")
        row = await reading.get(info.context, PURCHASE_ORDERS, order_id, number)
        return PurchaseOrder.optional(row)

    @strawberry.field
    async def purchase_orders(
        self,
        info: Info,
        filter: Annotated[PurchaseOrderFilter | None, WHICH] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> DocumentConnection[PurchaseOrder]:
        """The purchase orders for places in your territory, the latest first."""
        wanted = filter.wanted() if filter else DocumentFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        return connection_of(
            PurchaseOrder, await lists.listed(info.context, PURCHASE_ORDERS, wanted, request)
        )

    @strawberry.field
    async def supplier_return(
        self, info: Info, id: strawberry.ID | None = None, number: str | None = None
    ) -> SupplierReturn | None:
        """A supplier return from a place in your territory."""
        return_id = optional_row_id(id, "SupplierReturn")
        row = await reading.get(info.context, SUPPLIER_RETURNS, return_id, number)
        return SupplierReturn.optional(row)

    @strawberry.field
    async def supplier_returns(
        self,
        info: Info,
        filter: SupplierReturnFilter | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> DocumentConnection[SupplierReturn]:
        """The supplier returns from places in your territory, the latest first."""
        wanted = filter.wanted() if filter else DocumentFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        return connection_of(
            SupplierReturn, await lists.listed(info.context, SUPPLIER_RETURNS, wanted, request)
        )

    @cost(5000)
    @strawberry.field
    async def stock_value(self, info: Info, location_id: strawberry.ID | None = None) -> StockValue:
        """What the stock in your territory, or at one place of it, is worth at moving average cost."""
        location = optional_row_id(location_id, "Store", "Warehouse", path=("locationId",))
        return StockValue.of(await costs_valuation.total(info.context, location))
