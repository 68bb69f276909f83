from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.bounds import all_of
from models.orders.deadlines import lateness_minutes
from models.orders.fulfilments import Fulfilment as FulfilmentRow
from models.orders.fulfilments import PrintTicket as PrintTicketRow
from models.orders.states import FulfilmentMethod, FulfilmentStatus, TicketStatus
from models.qr import qr_svg
from resolvers.context import Context
from resolvers.orders import contacts
from resolvers.orders.fulfilment import fulfilments, histories, tickets
from resolvers.slices import Slice
from schema.accounts.types import Staff
from schema.batching import batched
from schema.catalog.types import Variant
from schema.cost.directives import list_size, sized_by
from schema.geography import Address
from schema.info import Info
from schema.list_arguments import Skip, SliceSize
from schema.money import Money
from schema.nodes.nodes import Document, Node, global_id
from schema.orders.actions import FulfilmentAction
from schema.orders.contact_types import Contact, address_of
from schema.orders.loading import optional_nodes
from schema.orders.routing_types import RoutingDecision
from schema.stock.documents.history import DocumentEvent
from schema.stores.types import StockLocation

if TYPE_CHECKING:
    from schema.orders.types import Order, OrderLine

strawberry.enum(FulfilmentMethod)
strawberry.enum(FulfilmentStatus)
strawberry.enum(TicketStatus)


@strawberry.type
class FulfilmentLine:
    quantity: int
    variant_id: strawberry.Private[int]
    order_line_id: strawberry.Private[int | None] = None

    @batched
    @staticmethod
    async def variant(parents: list[FulfilmentLine], ctx: Context) -> list[Variant]:
        return await optional_nodes(Variant, ctx, [each.variant_id for each in parents])

    @batched
    @staticmethod
    async def order_line(
        parents: list[FulfilmentLine], ctx: Context
    ) -> list[Annotated[OrderLine, strawberry.lazy("schema.orders.types")] | None]:
        """The line of the order that the pieces belong to; null in a quote."""
        from schema.orders.types import OrderLine

        return await optional_nodes(OrderLine, ctx, [each.order_line_id for each in parents])


@strawberry.type(description="Shown by the customer, scanned once by the store.")
class PickupPass:
    code: str
    expires_at: datetime
    used_at: datetime | None

    @strawberry.field
    def qr_svg(self) -> str:
        return qr_svg(self.code)

    @classmethod
    def optional(cls, row: FulfilmentRow) -> PickupPass | None:
        code, expires_at = row.pickup_code, row.pickup_expires_at
        if code is None or expires_at is None:
            return None
        return cls(code=code, expires_at=expires_at, used_at=row.pickup_used_at)


@strawberry.type
class Shipment:
    carrier: str
    tracking_number: str
    shipped_at: datetime


@strawberry.type(description="What a store's printer prints by itself.")
class PrintTicket(Node):
    id: strawberry.ID
    status: TicketStatus
    created_at: datetime
    printed_at: datetime | None
    row: strawberry.Private[PrintTicketRow]

    @strawberry.field(description="The ticket as it reads on paper.")
    def text(self) -> str:
        return self.row.text

    @strawberry.field(description="The printer's own bytes, in base64.")
    def escpos(self) -> str:
        return self.row.escpos

    @classmethod
    def of(cls, row: PrintTicketRow) -> PrintTicket:
        return cls(
            id=global_id("PrintTicket", row.id),
            status=row.status,
            created_at=row.created_at,
            printed_at=row.printed_at,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[PrintTicket | None]:
        found = await tickets.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type(
    description="One way at one place in which a part of an order reaches the customer."
)
class Fulfilment(Document):
    id: strawberry.ID
    number: str
    method: FulfilmentMethod
    status: FulfilmentStatus
    distance_metres: int | None
    awaits_stock_until: date | None = strawberry.field(
        description="When the goods were said to come that it waits for; empty once all are there."
    )
    promised_at: datetime | None = strawberry.field(
        description="By when the customer was told to have it."
    )
    created_at: datetime = strawberry.field(description="When it was made.")
    fee: Money = strawberry.field(
        description="Its share of the order's delivery, given back if it is called off."
    )
    unfillable: bool = strawberry.field(
        description="Its place has rejected it and nobody else has the goods yet."
    )
    row: strawberry.Private[FulfilmentRow]

    @strawberry.field(
        description="Until when its place is to take the next step; null where it has none to take."
    )
    def due_at(self) -> datetime | None:
        return fulfilments.due_at(self.row)

    @strawberry.field(description="Whole minutes since dueAt; 0 in time.")
    def lateness_minutes(self, info: Info) -> int:
        return lateness_minutes(fulfilments.due_at(self.row), info.context.now())

    @batched
    @staticmethod
    async def assignee(parents: list[Fulfilment], ctx: Context) -> list[Staff | None]:
        """The member of staff who accepted it."""
        return await optional_nodes(Staff, ctx, [each.row.assignee_id for each in parents])

    @batched
    @staticmethod
    async def contact(parents: list[Fulfilment], ctx: Context) -> list[Contact | None]:
        """Who gets it; in full for its place while it is open, and for whoever may read contacts there."""
        found = await contacts.of_fulfilments(ctx, [each.row for each in parents])
        return [Contact.optional(found[each.row.id]) for each in parents]

    @batched
    @staticmethod
    async def address(parents: list[Fulfilment], ctx: Context) -> list[Address | None]:
        """Where the order goes; beyond the district masked as `contact` is."""
        found = await contacts.of_fulfilments(ctx, [each.row for each in parents])
        return [address_of(found[each.row.id]) for each in parents]

    @sized_by("first", otherwise=20)
    @batched
    @staticmethod
    async def history(
        parents: list[Fulfilment], ctx: Context, first: SliceSize = 20, skip: Skip = 0
    ) -> list[list[DocumentEvent]]:
        """Each step, oldest first."""
        rows = [each.row for each in parents]
        found = await histories.of_fulfilments(ctx, rows, Slice(first, skip))
        return [[DocumentEvent.of(step) for step in found[each.row.id]] for each in parents]

    @batched
    @staticmethod
    async def order(
        parents: list[Fulfilment], ctx: Context
    ) -> list[Annotated[Order, strawberry.lazy("schema.orders.types")]]:
        from schema.orders.types import Order

        return await optional_nodes(Order, ctx, [each.row.order_id for each in parents])

    @batched
    @staticmethod
    async def location(parents: list[Fulfilment], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.row.location_id for each in parents])

    @sized_by("first", otherwise=100)
    @batched
    @staticmethod
    async def lines(
        parents: list[Fulfilment], ctx: Context, first: SliceSize = 100, skip: Skip = 0
    ) -> list[list[FulfilmentLine]]:
        """What it brings; there are at most 100."""
        found = await fulfilments.lines_of(ctx, _ids(parents), Slice(first, skip))
        return [
            [
                FulfilmentLine(
                    quantity=line.quantity,
                    variant_id=line.variant_id,
                    order_line_id=line.order_line_id,
                )
                for line in found[each.row.id]
            ]
            for each in parents
        ]

    @strawberry.field(description="How the place was found; empty where the customer named it.")
    def routing(self) -> RoutingDecision | None:
        return RoutingDecision.optional(self.row.routing)

    @batched
    @staticmethod
    async def pickup(parents: list[Fulfilment], ctx: Context) -> list[PickupPass | None]:
        """The pass of a pickup, for the customer whose order it is and nobody else."""
        own = await fulfilments.with_own_pickup(ctx, _ids(parents))
        return [PickupPass.optional(each.row) if each.row.id in own else None for each in parents]

    @strawberry.field
    def shipment(self) -> Shipment | None:
        row = self.row
        if row.carrier is None or row.tracking_number is None or row.shipped_at is None:
            return None
        return Shipment(
            carrier=row.carrier, tracking_number=row.tracking_number, shipped_at=row.shipped_at
        )

    @batched
    @staticmethod
    async def ticket(parents: list[Fulfilment], ctx: Context) -> list[PrintTicket | None]:
        """What is printed at the location, for its staff."""
        found = await tickets.of_fulfilments(ctx, _ids(parents))
        rows = [found.get(each.row.id) for each in parents]
        return [PrintTicket.of(row) if row else None for row in rows]

    @list_size(all_of(FulfilmentAction))
    @batched
    @staticmethod
    async def available_actions(
        parents: list[Fulfilment], ctx: Context
    ) -> list[list[FulfilmentAction]]:
        """What you may do with it now; every one of them works."""
        found = await fulfilments.actions(ctx, [each.row for each in parents])
        return [found[each.row.id] for each in parents]

    @classmethod
    def of(cls, row: FulfilmentRow) -> Fulfilment:
        return cls(
            id=global_id("Fulfilment", row.id),
            number=row.number,
            method=row.method,
            status=row.status,
            distance_metres=row.distance_metres,
            awaits_stock_until=row.awaits_until,
            promised_at=row.promised_at,
            created_at=row.created_at,
            fee=Money.of(row.fee_minor),
            unfillable=row.unfillable,
            row=row,
        )

    @classmethod
    def optional(cls, row: FulfilmentRow | None) -> Fulfilment | None:
        return cls.of(row) if row else None

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Fulfilment | None]:
        found = await fulfilments.by_ids(ctx, ids)
        return [cls.optional(found.get(row_id)) for row_id in ids]


def _ids(parents: Sequence[Fulfilment]) -> list[int]:
    return [each.row.id for each in parents]
