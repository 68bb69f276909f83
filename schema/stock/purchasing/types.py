"""Suppliers, purchase orders and their lines as GraphQL types."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import strawberry

from models.bounds import all_of
from models.stock.documents.purchase_rules import PurchaseOrderStatus
from models.stock.documents.purchases import PurchaseOrder as PurchaseOrderRow
from models.stock.documents.purchases import PurchaseOrderLine as PurchaseOrderLineRow
from models.stock.documents.purchases import Supplier as SupplierRow
from resolvers.context import Context
from resolvers.slices import Slice
from resolvers.stock.documents.kinds import PURCHASE_ORDERS
from resolvers.stock.purchasing import rights, suppliers
from schema.actors import Actor, actors
from schema.batching import batched
from schema.catalog.types import Variant
from schema.columns import column, derived
from schema.cost.directives import list_size, sized_by
from schema.list_arguments import Skip, SliceSize
from schema.money import Money
from schema.nodes.nodes import Node, global_id
from schema.stock.actions import PurchaseOrderAction
from schema.stock.documents.interface import StockDocument, lines_of
from schema.stock.types import variants_of
from schema.stores.types import StockLocation

strawberry.enum(PurchaseOrderStatus)


@strawberry.type(description="Whom a merchant buys from.")
class Supplier(Node):
    """A supplier of a merchant."""

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
        """Return the supplier of a row."""
        return cls(
            id=global_id("Supplier", row.id),
            code=row.code,
            name=row.name,
            active=row.active,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Supplier | None]:
        """Return the suppliers with these row IDs, None for each that the caller may not see."""
        found = await suppliers.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type
class PurchaseOrderLine:
    """One variant of a purchase order, at one price."""

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
        """Return the line of a row."""
        return cls(
            ordered=row.ordered,
            received=row.received,
            returned=row.returned,
            unit_cost=Money.of(row.unit_cost_minor),
            row=row,
        )


@strawberry.type
class SupplierDocument(StockDocument, kind=False):
    """The fields that purchase orders and supplier returns share."""

    row: strawberry.Private[Any]

    @batched
    @staticmethod
    async def supplier(parents: list[SupplierDocument], ctx: Context) -> list[Supplier]:
        found = await suppliers.of_documents([each.row.supplier_id for each in parents])
        return [Supplier.of(found[each.row.supplier_id]) for each in parents]

    @batched
    @staticmethod
    async def approved_by(parents: list[SupplierDocument], ctx: Context) -> list[Actor | None]:
        rows = [each.row for each in parents]
        return await actors(ctx, [(row.approved_by_kind or "", row.approved_by_id) for row in rows])


@strawberry.type(description="What a place has ordered from a supplier, and how much has come.")
class PurchaseOrder(SupplierDocument):
    """Goods that a location has ordered from a supplier."""

    kind = PURCHASE_ORDERS
    row: strawberry.Private[PurchaseOrderRow]
    status: PurchaseOrderStatus = column("status")

    @derived
    def total(self) -> Money:
        return Money.of(self.row.total_minor)

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
        found = await lines_of(parents, Slice(first, skip))
        return [[PurchaseOrderLine.of(line) for line in lines] for lines in found]

    @list_size(all_of(PurchaseOrderAction))
    @batched
    @staticmethod
    async def available_actions(
        parents: list[PurchaseOrder], ctx: Context
    ) -> list[list[PurchaseOrderAction]]:
        """What you may do with it now."""
        found = await rights.actions_of(ctx, [each.row for each in parents])
        return [[PurchaseOrderAction(action) for action in actions] for actions in found]
