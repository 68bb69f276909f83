from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.orm_pagination import PageRequest
from resolvers.stock.costs import valuation as costs_valuation
from resolvers.stock.documents.lists import DocumentFilter
from resolvers.stock.purchasing import orders as purchase_orders
from resolvers.stock.purchasing import returns as supplier_returns
from resolvers.stock.purchasing import suppliers
from resolvers.stock.purchasing.suppliers import SupplierQuery
from schema.cost.directives import cost
from schema.info import Info
from schema.list_arguments import WHICH, After, Before, First, Last
from schema.nodes.nodes import optional_row_id
from schema.pagination import DocumentConnection, TalliedConnection
from schema.stock.cost_types import StockValue
from schema.stock.filters import PurchaseOrderFilter
from schema.stock.purchasing.filters import SupplierFilter, SupplierReturnFilter
from schema.stock.purchasing.return_types import SupplierReturn
from schema.stock.purchasing.types import PurchaseOrder, Supplier


@strawberry.type
class PurchaseQueries:
    @strawberry.field
    async def supplier(self, info: Info, code: str) -> Supplier | None:
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
        row = await purchase_orders.get(info.context, order_id, number)
        return PurchaseOrder.of(row) if row else None

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
        ctx, wanted = info.context, filter.wanted() if filter else DocumentFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await purchase_orders.page(ctx, wanted, request)
        return DocumentConnection.of(
            page, PurchaseOrder.of, await purchase_orders.tally(ctx, wanted)
        )

    @strawberry.field
    async def supplier_return(
        self, info: Info, id: strawberry.ID | None = None, number: str | None = None
    ) -> SupplierReturn | None:
        """A supplier return from a place in your territory."""
        return_id = optional_row_id(id, "SupplierReturn")
        row = await supplier_returns.get(info.context, return_id, number)
        return SupplierReturn.of(row) if row else None

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
        ctx, wanted = info.context, filter.query() if filter else DocumentFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await supplier_returns.page(ctx, wanted, request)
        tally = await supplier_returns.tally(ctx, wanted)
        return DocumentConnection.of(page, SupplierReturn.of, tally)

    @cost(5000)
    @strawberry.field
    async def stock_value(self, info: Info, location_id: strawberry.ID | None = None) -> StockValue:
        """What the stock in your territory, or at one place of it, is worth at moving average cost."""
        location = optional_row_id(location_id, "Store", "Warehouse", path=("locationId",))
        return StockValue.of(await costs_valuation.total(info.context, location))
