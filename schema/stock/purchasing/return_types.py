"""Supplier returns and their lines as GraphQL types."""

from __future__ import annotations

import strawberry

from models.bounds import all_of
from models.stock.documents.purchase_rules import SupplierReturnStatus
from models.stock.documents.purchases import SupplierReturn as SupplierReturnRow
from models.stock.documents.purchases import SupplierReturnLine as SupplierReturnLineRow
from models.stock.states import StockState
from resolvers.context import Context
from resolvers.slices import Slice
from resolvers.stock.documents.kinds import SUPPLIER_RETURNS
from resolvers.stock.purchasing import rights
from schema.batching import batched
from schema.catalog.types import Variant
from schema.columns import column
from schema.cost.directives import list_size, sized_by
from schema.list_arguments import Skip, SliceSize
from schema.stock.actions import SupplierReturnAction
from schema.stock.documents.interface import lines_of
from schema.stock.purchasing.types import PurchaseOrder, SupplierDocument
from schema.stock.types import variants_of
from schema.stores.types import StockLocation

strawberry.enum(SupplierReturnStatus)


@strawberry.type
class SupplierReturnLine:
    """Pieces of one variant in one state that go back."""

    quantity: int
    from_state: StockState
    row: strawberry.Private[SupplierReturnLineRow]

    @batched
    @staticmethod
    async def variant(parents: list[SupplierReturnLine], ctx: Context) -> list[Variant]:
        return await variants_of(parents, ctx)

    @classmethod
    def of(cls, row: SupplierReturnLineRow) -> SupplierReturnLine:
        """Return the line of a row."""
        return cls(quantity=row.quantity, from_state=row.from_state, row=row)


@strawberry.type(description="Goods that go back to a supplier, of one purchase order or of any.")
class SupplierReturn(SupplierDocument):
    """Goods that go back to a supplier."""

    kind = SUPPLIER_RETURNS
    row: strawberry.Private[SupplierReturnRow]
    status: SupplierReturnStatus = column("status")

    @batched
    @staticmethod
    async def location(parents: list[SupplierReturn], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.row.location_id for each in parents])

    @batched
    @staticmethod
    async def purchase_order(
        parents: list[SupplierReturn], ctx: Context
    ) -> list[PurchaseOrder | None]:
        wanted = [each.row.purchase_order_id or 0 for each in parents]
        return await PurchaseOrder.load(ctx, wanted)

    @sized_by("first", otherwise=100)
    @batched
    @staticmethod
    async def lines(
        parents: list[SupplierReturn], ctx: Context, first: SliceSize = 100, skip: Skip = 0
    ) -> list[list[SupplierReturnLine]]:
        found = await lines_of(parents, Slice(first, skip))
        return [[SupplierReturnLine.of(line) for line in lines] for lines in found]

    @list_size(all_of(SupplierReturnAction))
    @batched
    @staticmethod
    async def available_actions(
        parents: list[SupplierReturn], ctx: Context
    ) -> list[list[SupplierReturnAction]]:
        """What you may do with it now."""
        found = await rights.actions_of(ctx, [each.row for each in parents])
        return [[SupplierReturnAction(action) for action in actions] for actions in found]
