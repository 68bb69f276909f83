from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.bounds import all_of
from models.orders.orders import Order as OrderRow
from models.orders.orders import OrderEvent as OrderEventRow
from models.orders.orders import OrderLine as OrderLineRow
from models.orders.states import OrderStatus
from resolvers.context import Context
from resolvers.orders import actions, contacts, orders
from resolvers.orders.fulfilment import fulfilments
from resolvers.orders.payment import payments
from resolvers.slices import Slice
from schema.accounts.types import Channel, Staff
from schema.actors import Actor, actors
from schema.batching import batched
from schema.catalog.types import Variant
from schema.cost.directives import list_size, sized_by
from schema.geography import Address
from schema.list_arguments import Skip, SliceSize
from schema.members.types import Member
from schema.money import Money
from schema.nodes.nodes import Document, Node, global_id
from schema.orders.actions import OrderAction
from schema.orders.contact_types import Contact, address_of
from schema.orders.loading import optional_nodes, variants_of
from schema.orders.source_types import SaleSource
from schema.orders.totals import OrderTotals
from schema.stores.types import Store

if TYPE_CHECKING:
    from schema.orders.fulfilment.types import Fulfilment
    from schema.orders.payment_types import Payment

strawberry.enum(OrderStatus)


@strawberry.type(description="Who a sale counts for, fixed when the order is placed.")
class Attribution:
    channel: Channel
    row: strawberry.Private[OrderRow]
    guide_id: strawberry.Private[int | None]

    @batched
    @staticmethod
    async def store(parents: list[Attribution], ctx: Context) -> list[Store | None]:
        return await optional_nodes(Store, ctx, [each.row.attribution_store_id for each in parents])

    @batched
    @staticmethod
    async def guide(parents: list[Attribution], ctx: Context) -> list[Staff | None]:
        return await optional_nodes(Staff, ctx, [each.guide_id for each in parents])

    @batched
    @staticmethod
    async def referrer(parents: list[Attribution], ctx: Context) -> list[Member | None]:
        return await optional_nodes(
            Member, ctx, [each.row.attribution_referrer_id for each in parents]
        )

    @classmethod
    def of(cls, row: OrderRow, guide_id: int | None = None) -> Attribution:
        """`guide_id` is the guide of a line, where it has one of its own."""
        guide_id = guide_id or row.attribution_guide_id
        return cls(channel=row.channel, row=row, guide_id=guide_id)


@strawberry.type(description="One line of an order's history.")
class OrderEvent:
    at: datetime
    from_: str | None = strawberry.field(name="from")
    to: str
    note: str | None
    row: strawberry.Private[OrderEventRow]

    @batched
    @staticmethod
    async def actor(parents: list[OrderEvent], ctx: Context) -> list[Actor | None]:
        return await actors(ctx, [(each.row.actor_kind, each.row.actor_id) for each in parents])

    @classmethod
    def of(cls, row: OrderEventRow) -> OrderEvent:
        return cls(
            at=row.created_at, from_=row.from_status, to=row.to_status, note=row.note, row=row
        )


@strawberry.type
class OrderLine(Node):
    id: strawberry.ID
    quantity: int
    unit_price: Money
    discount: Money
    total: Money
    fulfilled: int
    returned: int
    row: strawberry.Private[OrderLineRow]

    @batched
    @staticmethod
    async def variant(parents: list[OrderLine], ctx: Context) -> list[Variant]:
        return await variants_of(ctx, [each.row.variant_id for each in parents])

    @sized_by("first", otherwise=10)
    @batched
    @staticmethod
    async def fulfilments(
        parents: list[OrderLine], ctx: Context, first: SliceSize = 10, skip: Skip = 0
    ) -> list[list[Annotated[Fulfilment, strawberry.lazy("schema.orders.fulfilment.types")]]]:
        """Those that bring pieces of this line."""
        from schema.orders.fulfilment.types import Fulfilment

        ids = [each.row.id for each in parents]
        found = await fulfilments.of_lines(ctx, ids, Slice(first, skip))
        return [[Fulfilment.of(row) for row in found[each.row.id]] for each in parents]

    @batched
    @staticmethod
    async def attribution(parents: list[OrderLine], ctx: Context) -> list[Attribution]:
        """The order's, with the guide who added this line."""
        placed = await orders.rows_of_lines([each.row for each in parents])
        guides = await orders.guides_of_lines([each.row.id for each in parents])
        return [
            Attribution.of(placed[each.row.order_id], guides.get(each.row.id)) for each in parents
        ]

    @classmethod
    def of(cls, row: OrderLineRow) -> OrderLine:
        return cls(
            id=global_id("OrderLine", row.id),
            quantity=row.quantity,
            unit_price=Money.of(row.unit_price_minor),
            discount=Money.of(row.discount_minor),
            total=Money.of(row.total_minor),
            fulfilled=row.fulfilled,
            returned=row.returned,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[OrderLine | None]:
        found = await orders.lines_by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type(description="A sale, from its placing to its completion.")
class Order(Document):
    id: strawberry.ID
    number: str
    status: OrderStatus
    channel: Channel
    totals: OrderTotals
    attribution: Attribution
    hold_expires_at: datetime | None
    placed_at: datetime
    paid_at: datetime | None
    completed_at: datetime | None
    updated_at: datetime = strawberry.field(description="When it last changed.")
    row: strawberry.Private[OrderRow]

    @strawberry.field(
        description="What the customer wrote for those who prepare the order; null when nothing."
    )
    def remark(self) -> str | None:
        return self.row.remark

    @strawberry.field(description="Where the sale came from.")
    def source(self) -> SaleSource:
        return SaleSource(channel=self.row.channel, row=self.row)

    @batched
    @staticmethod
    async def contact(parents: list[Order], ctx: Context) -> list[Contact | None]:
        """Who gets it; masked for whoever may not read contacts there, nor fulfils an open part of it."""
        found = await contacts.of_orders(ctx, [each.row for each in parents])
        return [Contact.optional(found[each.row.id]) for each in parents]

    @batched
    @staticmethod
    async def address(parents: list[Order], ctx: Context) -> list[Address | None]:
        """Where it goes; beyond the district masked as `contact` is."""
        found = await contacts.of_orders(ctx, [each.row for each in parents])
        return [address_of(found[each.row.id]) for each in parents]

    @batched
    @staticmethod
    async def member(parents: list[Order], ctx: Context) -> list[Member | None]:
        return await optional_nodes(Member, ctx, [each.row.member_id for each in parents])

    @sized_by("first", otherwise=100)
    @batched
    @staticmethod
    async def lines(
        parents: list[Order], ctx: Context, first: SliceSize = 100, skip: Skip = 0
    ) -> list[list[OrderLine]]:
        """What was bought; there are at most 100."""
        found = await orders.lines_of(ctx, _ids(parents), Slice(first, skip))
        return [[OrderLine.of(line) for line in found[each.row.id]] for each in parents]

    @sized_by("first", otherwise=10)
    @batched
    @staticmethod
    async def fulfilments(
        parents: list[Order], ctx: Context, first: SliceSize = 10, skip: Skip = 0
    ) -> list[list[Annotated[Fulfilment, strawberry.lazy("schema.orders.fulfilment.types")]]]:
        """Its parts, those that a store has rejected too, oldest first."""
        from schema.orders.fulfilment.types import Fulfilment

        found = await fulfilments.of_orders(ctx, _ids(parents), Slice(first, skip))
        return [[Fulfilment.of(row) for row in found.get(each.row.id, [])] for each in parents]

    @sized_by("first", otherwise=10)
    @batched
    @staticmethod
    async def payments(
        parents: list[Order], ctx: Context, first: SliceSize = 10, skip: Skip = 0
    ) -> list[list[Annotated[Payment, strawberry.lazy("schema.orders.payment_types")]]]:
        """Each attempt to pay it, oldest first."""
        from schema.orders.payment_types import Payment

        found = await payments.of_orders(ctx, _ids(parents), Slice(first, skip))
        return [[Payment.of(row) for row in found.get(each.row.id, [])] for each in parents]

    @list_size(all_of(OrderAction))
    @batched
    @staticmethod
    async def available_actions(parents: list[Order], ctx: Context) -> list[list[OrderAction]]:
        """What you may do with it now."""
        found = await actions.of_orders(ctx, [each.row for each in parents])
        return [found[each.row.id] for each in parents]

    @sized_by("first", otherwise=20)
    @batched
    @staticmethod
    async def history(
        parents: list[Order], ctx: Context, first: SliceSize = 20, skip: Skip = 0
    ) -> list[list[OrderEvent]]:
        """What became of it, oldest first."""
        found = await orders.events_of(ctx, _ids(parents), Slice(first, skip))
        return [[OrderEvent.of(event) for event in found[each.row.id]] for each in parents]

    @classmethod
    def of(cls, row: OrderRow) -> Order:
        return cls(
            id=global_id("Order", row.id),
            number=row.number,
            status=row.status,
            channel=row.channel,
            totals=OrderTotals.of(
                row.goods_minor,
                row.discount_minor,
                row.delivery_minor,
                row.paid_minor,
                row.refunded_minor,
            ),
            attribution=Attribution.of(row),
            hold_expires_at=row.hold_expires_at,
            placed_at=row.created_at,
            paid_at=row.paid_at,
            completed_at=row.completed_at,
            updated_at=row.updated_at,
            row=row,
        )

    @classmethod
    def optional(cls, row: OrderRow | None) -> Order | None:
        return cls.of(row) if row else None

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Order | None]:
        found = await orders.by_ids(ctx, ids)
        return [cls.optional(found.get(row_id)) for row_id in ids]


def _ids(parents: Sequence[Order]) -> list[int]:
    return [each.row.id for each in parents]
