"""Transfers and their lines as GraphQL types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import strawberry

from models.bounds import all_of
from models.stock.documents.transfer_rules import TransferStatus
from models.stock.documents.transfers import Transfer as TransferRow
from models.stock.documents.transfers import TransferLine as TransferLineRow
from resolvers.context import Context
from resolvers.slices import Slice
from resolvers.stock.documents.kinds import TRANSFERS
from resolvers.stock.transfers import transfers
from schema.actors import Actor, actors
from schema.batching import batched
from schema.catalog.types import Variant
from schema.columns import column
from schema.cost.directives import list_size, sized_by
from schema.list_arguments import Skip, SliceSize
from schema.stock.actions import TransferAction
from schema.stock.documents.interface import StockDocument, lines_of
from schema.stock.types import variants_of
from schema.stores.types import StockLocation

if TYPE_CHECKING:
    from schema.stock.serials.types import SerialNumber

strawberry.enum(TransferStatus)


@strawberry.type(
    description="How far the pieces of one variant are. Shipped pieces that are not accepted, rejected, lost"
    " or returned are on the road."
)
class TransferLine:
    """One variant of a transfer."""

    requested: int
    approved: int
    shipped: int
    accepted: int = strawberry.field(description="Received, and available at the destination.")
    rejected: int = strawberry.field(description="Received, and quarantined at the destination.")
    lost: int
    returned: int = strawberry.field(description="Called back: available at the source again.")
    row: strawberry.Private[TransferLineRow]

    @batched
    @staticmethod
    async def variant(parents: list[TransferLine], ctx: Context) -> list[Variant]:
        return await variants_of(parents, ctx)

    @sized_by("first", otherwise=20)
    @batched
    @staticmethod
    async def serials_on_the_road(
        parents: list[TransferLine], ctx: Context, first: SliceSize = 20, skip: Skip = 0
    ) -> list[list[Annotated[SerialNumber, strawberry.lazy("schema.stock.serials.types")]]]:
        """Of a variant that tracks them: one for each piece that is on the road."""
        from schema.stock.serials.types import on_the_road

        return await on_the_road([each.row for each in parents], ctx, Slice(first, skip))

    @classmethod
    def of(cls, row: TransferLineRow) -> TransferLine:
        """Return the line of a row."""
        return cls(
            requested=row.requested,
            approved=row.approved,
            shipped=row.shipped,
            accepted=row.accepted,
            rejected=row.rejected,
            lost=row.lost,
            returned=row.returned,
            row=row,
        )


@strawberry.type(
    description="Goods that move from one location to another, once headquarters approves."
)
class Transfer(StockDocument):
    """Goods that move from one location to another."""

    kind = TRANSFERS
    row: strawberry.Private[TransferRow]
    status: TransferStatus = column("status")

    @batched
    @staticmethod
    async def source(parents: list[Transfer], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.row.source_id for each in parents])

    @batched
    @staticmethod
    async def destination(parents: list[Transfer], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.row.destination_id for each in parents])

    @sized_by("first", otherwise=100)
    @batched
    @staticmethod
    async def lines(
        parents: list[Transfer], ctx: Context, first: SliceSize = 100, skip: Skip = 0
    ) -> list[list[TransferLine]]:
        found = await lines_of(parents, Slice(first, skip))
        return [[TransferLine.of(line) for line in lines] for lines in found]

    @batched
    @staticmethod
    async def requested_by(parents: list[Transfer], ctx: Context) -> list[Actor | None]:
        rows = [each.row for each in parents]
        return await actors(ctx, [(row.requested_by_kind, row.requested_by_id) for row in rows])

    @batched
    @staticmethod
    async def decided_by(parents: list[Transfer], ctx: Context) -> list[Actor | None]:
        rows = [each.row for each in parents]
        return await actors(ctx, [(row.decided_by_kind or "", row.decided_by_id) for row in rows])

    @list_size(all_of(TransferAction))
    @batched
    @staticmethod
    async def available_actions(
        parents: list[Transfer], ctx: Context
    ) -> list[list[TransferAction]]:
        """What you may do with it now."""
        found = await transfers.actions_of(ctx, [each.row for each in parents])
        return [[TransferAction(action) for action in actions] for actions in found]
