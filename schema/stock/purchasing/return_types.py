from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from models.bounds import all_of
from models.stock.documents.purchase_rules import SupplierReturnStatus
from models.stock.documents.purchases import SupplierReturn as SupplierReturnRow
from models.stock.documents.purchases import SupplierReturnLine as SupplierReturnLineRow
from models.stock.states import StockState
from resolvers.context import Context
from resolvers.slices import Slice
from resolvers.stock.purchasing import returns as supplier_returns
from schema.actors import Actor, actors
from schema.batching import batched
from schema.catalog.types import Variant
from schema.cost.directives import list_size, sized_by
from schema.list_arguments import Skip, SliceSize
from schema.nodes.nodes import Document, global_id
from schema.stock.actions import SupplierReturnAction
from schema.stock.documents import DocumentEvent, histories
from schema.stock.purchasing.types import PurchaseOrder, Supplier, suppliers_of
from schema.stock.types import variants_of
from schema.stores.types import StockLocation

strawberry.enum(SupplierReturnStatus)


@strawberry.type
class SupplierReturnLine:
    quantity: int
    from_state: StockState
    row: strawberry.Private[SupplierReturnLineRow]

    @batched
    @staticmethod
    async def variant(parents: list[SupplierReturnLine], ctx: Context) -> list[Variant]:
        return await variants_of(parents, ctx)

    @classmethod
    def of(cls, row: SupplierReturnLineRow) -> SupplierReturnLine:
        return cls(quantity=row.quantity, from_state=row.from_state, row=row)


@strawberry.type(description="Goods that go back to a supplier, of one purchase order or of any.")
class SupplierReturn(Document):
    id: strawberry.ID
    number: str
    status: SupplierReturnStatus
    note: str | None
    created_at: datetime
    updated_at: datetime
    row: strawberry.Private[SupplierReturnRow]

    @batched
    @staticmethod
    async def supplier(parents: list[SupplierReturn], ctx: Context) -> list[Supplier]:
        return await suppliers_of([each.row.supplier_id for each in parents])

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
        found = await supplier_returns.lines_of(
            [each.row.id for each in parents], Slice(first, skip)
        )
        return [[SupplierReturnLine.of(line) for line in found[each.row.id]] for each in parents]

    @batched
    @staticmethod
    async def created_by(parents: list[SupplierReturn], ctx: Context) -> list[Actor | None]:
        rows = [each.row for each in parents]
        return await actors(ctx, [(row.created_by_kind, row.created_by_id) for row in rows])

    @batched
    @staticmethod
    async def approved_by(parents: list[SupplierReturn], ctx: Context) -> list[Actor | None]:
        rows = [each.row for each in parents]
        return await actors(ctx, [(row.approved_by_kind or "", row.approved_by_id) for row in rows])

    @list_size(all_of(SupplierReturnAction))
    @batched
    @staticmethod
    async def available_actions(
        parents: list[SupplierReturn], ctx: Context
    ) -> list[list[SupplierReturnAction]]:
        """What you may do with it now."""
        found = await supplier_returns.actions_of(ctx, [each.row for each in parents])
        return [[SupplierReturnAction(action) for action in actions] for actions in found]

    @sized_by("first", otherwise=20)
    @batched
    @staticmethod
    async def history(
        parents: list[SupplierReturn], ctx: Context, first: SliceSize = 20, skip: Skip = 0
    ) -> list[list[DocumentEvent]]:
        """What became of it, oldest first."""
        ids = [each.row.id for each in parents]
        return await histories(supplier_returns.KIND, ids, Slice(first, skip))

    @classmethod
    def of(cls, row: SupplierReturnRow) -> SupplierReturn:
        return cls(
            id=global_id("SupplierReturn", row.id),
            number=row.number,
            status=row.status,
            note=row.note,
            created_at=row.created_at,
            updated_at=row.updated_at,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[SupplierReturn | None]:
        found = await supplier_returns.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]
