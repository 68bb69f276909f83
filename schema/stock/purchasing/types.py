from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from models.bounds import all_of
from models.stock.documents.purchase_rules import PurchaseOrderStatus
from models.stock.documents.purchases import PurchaseOrder as PurchaseOrderRow
from models.stock.documents.purchases import PurchaseOrderLine as PurchaseOrderLineRow
from models.stock.documents.purchases import Supplier as SupplierRow
from resolvers.context import Context
from resolvers.slices import Slice
from resolvers.stock.purchasing import orders as purchase_orders
from resolvers.stock.purchasing import suppliers
from schema.actors import Actor, actors
from schema.batching import batched
from schema.catalog.types import Variant
from schema.cost.directives import list_size, sized_by
from schema.list_arguments import Skip, SliceSize
from schema.money import Money
from schema.nodes.nodes import Document, Node, global_id
from schema.stock.actions import PurchaseOrderAction
from schema.stock.documents import DocumentEvent, histories
from schema.stock.types import variants_of
from schema.stores.types import StockLocation

strawberry.enum(PurchaseOrderStatus)


@strawberry.type(description="Whom a merchant buys from.")
class Supplier(Node):
    id: strawberry.ID
    code: str
    name: str
    active: bool
    row: strawberry.Private[SupplierRow]

    @strawberry.field(description="The person to ask for; null without one.")
    def contact(self) -> str | None:
        return self.row.contact

    @strawberry.field(description="The number to call; null without one.")
    def phone(self) -> str | None:
        return self.row.phone

    @classmethod
    def of(cls, row: SupplierRow) -> Supplier:
        return cls(
            id=global_id("Supplier", row.id),
            code=row.code,
            name=row.name,
            active=row.active,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Supplier | None]:
        found = await suppliers.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type
class PurchaseOrderLine:
    ordered: int
    received: int
    returned: int = strawberry.field(description="Of those received, gone back to the supplier.")
    unit_cost: Money
    row: strawberry.Private[PurchaseOrderLineRow]

    @batched
    @staticmethod
    async def variant(parents: list[PurchaseOrderLine], ctx: Context) -> list[Variant]:
        return await variants_of(parents, ctx)

    @classmethod
    def of(cls, row: PurchaseOrderLineRow) -> PurchaseOrderLine:
        return cls(
            ordered=row.ordered,
            received=row.received,
            returned=row.returned,
            unit_cost=Money.of(row.unit_cost_minor),
            row=row,
        )


@strawberry.type(description="What a place has ordered from a supplier, and how much has come.")
class PurchaseOrder(Document):
    id: strawberry.ID
    number: str
    status: PurchaseOrderStatus
    total: Money
    note: str | None
    created_at: datetime
    updated_at: datetime
    row: strawberry.Private[PurchaseOrderRow]

    @batched
    @staticmethod
    async def supplier(parents: list[PurchaseOrder], ctx: Context) -> list[Supplier]:
        return await suppliers_of([each.row.supplier_id for each in parents])

    @batched
    @staticmethod
    async def destination(parents: list[PurchaseOrder], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.row.destination_id for each in parents])

    @sized_by("first", otherwise=100)
    @batched
    @staticmethod
    async def lines(
        parents: list[PurchaseOrder], ctx: Context, first: SliceSize = 100, skip: Skip = 0
    ) -> list[list[PurchaseOrderLine]]:
        found = await purchase_orders.lines_of(
            [each.row.id for each in parents], Slice(first, skip)
        )
        return [[PurchaseOrderLine.of(line) for line in found[each.row.id]] for each in parents]

    @batched
    @staticmethod
    async def created_by(parents: list[PurchaseOrder], ctx: Context) -> list[Actor | None]:
        rows = [each.row for each in parents]
        return await actors(ctx, [(row.created_by_kind, row.created_by_id) for row in rows])

    @batched
    @staticmethod
    async def approved_by(parents: list[PurchaseOrder], ctx: Context) -> list[Actor | None]:
        rows = [each.row for each in parents]
        return await actors(ctx, [(row.approved_by_kind or "", row.approved_by_id) for row in rows])

    @list_size(all_of(PurchaseOrderAction))
    @batched
    @staticmethod
    async def available_actions(
        parents: list[PurchaseOrder], ctx: Context
    ) -> list[list[PurchaseOrderAction]]:
        """What you may do with it now."""
        found = await purchase_orders.actions_of(ctx, [each.row for each in parents])
        return [[PurchaseOrderAction(action) for action in actions] for actions in found]

    @sized_by("first", otherwise=20)
    @batched
    @staticmethod
    async def history(
        parents: list[PurchaseOrder], ctx: Context, first: SliceSize = 20, skip: Skip = 0
    ) -> list[list[DocumentEvent]]:
        """What became of it, oldest first."""
        ids = [each.row.id for each in parents]
        return await histories(purchase_orders.KIND, ids, Slice(first, skip))

    @classmethod
    def of(cls, row: PurchaseOrderRow) -> PurchaseOrder:
        return cls(
            id=global_id("PurchaseOrder", row.id),
            number=row.number,
            status=row.status,
            total=Money.of(row.total_minor),
            note=row.note,
            created_at=row.created_at,
            updated_at=row.updated_at,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[PurchaseOrder | None]:
        found = await purchase_orders.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


async def suppliers_of(ids: Sequence[int]) -> list[Supplier]:
    """The suppliers of documents that the caller has been shown, in their order."""
    found = await suppliers.of_documents(ids)
    return [Supplier.of(found[row_id]) for row_id in ids]
