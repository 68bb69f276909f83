"""Serial numbers and their events as GraphQL types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from models.stock.documents.transfers import TransferLine
from models.stock.serials import SerialEvent as EventRow
from models.stock.serials import SerialNumber as SerialRow
from models.stock.serials import SerialState
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from resolvers.slices import Slice
from resolvers.stock import serial_lookup
from resolvers.stock.serial_lookup import SerialQuery
from schema.actors import Actor, actors
from schema.batching import batched
from schema.catalog.types import Variant
from schema.cost.directives import sized_by
from schema.list_arguments import Skip, SliceSize
from schema.pagination import TalliedConnection
from schema.stock.documents.history import document_of
from schema.stores.types import StockLocation

strawberry.enum(SerialState)


@strawberry.type(
    description="A serial number came in, went out, or changed its state at a location."
)
class SerialEvent:
    """One event in the life of a serial number."""

    row: strawberry.Private[EventRow]
    from_state: SerialState | None
    to_state: SerialState
    document_id: strawberry.ID | None = strawberry.field(
        description="What it was done for, such as an order; null where nothing was."
    )
    occurred_at: datetime

    @batched
    @staticmethod
    async def location(parents: list[SerialEvent], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.row.location_id for each in parents])

    @batched
    @staticmethod
    async def actor(parents: list[SerialEvent], ctx: Context) -> list[Actor | None]:
        return await actors(ctx, [(each.row.actor_kind, each.row.actor_id) for each in parents])

    @classmethod
    def of(cls, row: EventRow) -> SerialEvent:
        """Return the event of a row."""
        return cls(
            row=row,
            from_state=row.from_state,
            to_state=row.to_state,
            document_id=document_of(row),
            occurred_at=row.created_at,
        )


@strawberry.type(description="One piece of a variant that is sold by piece.")
class SerialNumber:
    """A serial number, where it is and where it was."""

    row: strawberry.Private[SerialRow]
    serial: str
    state: SerialState
    document_id: strawberry.ID | None = strawberry.field(
        description="What moved it last, such as an order; null where no document did."
    )
    updated_at: datetime

    @batched
    @staticmethod
    async def variant(parents: list[SerialNumber], ctx: Context) -> list[Variant | None]:
        return await Variant.load(ctx, [each.row.variant_id for each in parents])

    @batched
    @staticmethod
    async def location(parents: list[SerialNumber], ctx: Context) -> list[StockLocation]:
        """Where it is, or where it was before it left."""
        return await StockLocation.load(ctx, [each.row.location_id for each in parents])

    @sized_by("first", otherwise=20)
    @batched
    @staticmethod
    async def history(
        parents: list[SerialNumber], ctx: Context, first: SliceSize = 20, skip: Skip = 0
    ) -> list[list[SerialEvent]]:
        """Each of its steps, the first first."""
        ids = [each.row.id for each in parents]
        found = await serial_lookup.histories(ctx, ids, Slice(first, skip))
        return [[SerialEvent.of(row) for row in found[each.row.id]] for each in parents]

    @classmethod
    def of(cls, row: SerialRow) -> SerialNumber:
        """Return the serial number of a row."""
        return cls(
            row=row,
            serial=row.serial,
            state=row.state,
            document_id=document_of(row),
            updated_at=row.updated_at,
        )


@strawberry.input(description="All that is given must hold.")
class SerialNumberFilter:
    state: list[SerialState] | None = strawberry.field(
        default=None, description="In one of these states."
    )

    def query(self, location_id: int) -> SerialQuery:
        states = None if self.state is None else tuple(sorted(set(self.state)))
        return SerialQuery(location_id=location_id, states=states)


async def on_the_road(
    lines: Sequence[TransferLine], ctx: Context, cut: Slice
) -> list[list[SerialNumber]]:
    """Return a slice of the serial numbers of each transfer line that are between its locations."""
    found = await serial_lookup.in_transit(ctx, lines, cut)
    return [
        [SerialNumber.of(row) for row in found.get((line.transfer_id, line.variant_id), [])]
        for line in lines
    ]


async def serials_of_variants(
    variant_ids: Sequence[int],
    ctx: Context,
    location_id: int,
    filter: SerialNumberFilter | None,
    request: PageRequest,
) -> list[TalliedConnection[SerialNumber]]:
    """A page of the serial numbers on hand at a location for each variant, in their order."""
    wanted = filter.query(location_id) if filter else SerialQuery(location_id=location_id)
    found = await serial_lookup.of_variants(ctx, variant_ids, wanted, request)
    tally = serial_lookup.tally(ctx, variant_ids, wanted)
    return [
        TalliedConnection.of(found[variant_id], SerialNumber.of, tally, variant_id)
        for variant_id in variant_ids
    ]
