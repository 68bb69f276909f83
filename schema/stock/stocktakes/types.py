"""Stocktakes, their lines and differing serial numbers as GraphQL types."""

from __future__ import annotations

from datetime import datetime

import strawberry

from models.bounds import all_of
from models.stock.documents.stocktake_rules import SerialFinding, StocktakeStatus
from models.stock.documents.stocktakes import Stocktake as StocktakeRow
from models.stock.documents.stocktakes import StocktakeLine as StocktakeLineRow
from models.stock.documents.stocktakes import StocktakeSerial as StocktakeSerialRow
from resolvers.context import Context
from resolvers.slices import Slice
from resolvers.stock.documents.kinds import STOCKTAKES
from resolvers.stock.stocktakes import serials as stocktake_serials
from resolvers.stock.stocktakes import stocktakes
from schema.actors import Actor, actors
from schema.batching import batched
from schema.catalog.types import Variant
from schema.columns import column
from schema.cost.directives import list_size, sized_by
from schema.list_arguments import Skip, SliceSize
from schema.stock.actions import StocktakeAction
from schema.stock.documents.interface import StockDocument, lines_of
from schema.stock.types import variants_of
from schema.stores.types import StockLocation

strawberry.enum(StocktakeStatus)
strawberry.enum(SerialFinding)


@strawberry.type(
    description="A serial number that was expected and not scanned, or scanned and not expected."
)
class StocktakeSerial:
    """A serial number in which a count and the ledger differ."""

    serial: str
    finding: SerialFinding
    moved: bool | None = strawberry.field(
        description="Whether approving took it out or in; false where it had left or come by itself"
        " since it was counted."
    )

    @classmethod
    def of(cls, row: StocktakeSerialRow) -> StocktakeSerial:
        """Return the serial number of a row."""
        return cls(serial=row.serial, finding=row.finding, moved=row.moved)


@strawberry.type(
    description="What was found of a variant, in whatever state. What was expected, and so the difference,"
    " stays hidden while the stocktake is open."
)
class StocktakeLine:
    """One variant of a stocktake."""

    counted: int | None
    expected: int | None = strawberry.field(
        description="What was on hand when it was counted; sales since then change neither."
    )
    difference: int | None = strawberry.field(description="Pieces too many, below 0 too few.")
    counted_at: datetime | None
    row: strawberry.Private[StocktakeLineRow]
    blind: strawberry.Private[bool]

    @batched
    @staticmethod
    async def variant(parents: list[StocktakeLine], ctx: Context) -> list[Variant]:
        return await variants_of(parents, ctx)

    @batched
    @staticmethod
    async def counted_by(parents: list[StocktakeLine], ctx: Context) -> list[Actor | None]:
        rows = [each.row for each in parents]
        return await actors(ctx, [(row.counter_kind or "", row.counter_id) for row in rows])

    @sized_by("first", otherwise=20)
    @batched
    @staticmethod
    async def serials(
        parents: list[StocktakeLine], ctx: Context, first: SliceSize = 20, skip: Skip = 0
    ) -> list[list[StocktakeSerial] | None]:
        """Those that differ, of a variant that tracks them; hidden like what was expected."""
        rows = [each.row for each in parents if each.row.scanned and not each.blind]
        found = await stocktake_serials.of_lines(ctx, [row.id for row in rows], Slice(first, skip))
        return [
            [StocktakeSerial.of(row) for row in found[each.row.id]]
            if each.row.id in found
            else None
            for each in parents
        ]

    @classmethod
    def of(cls, row: StocktakeLineRow, *, blind: bool) -> StocktakeLine:
        """Return the line of a row; a `blind` one hides what was expected."""
        count = None if blind else row.count
        return cls(
            counted=row.counted,
            expected=count.expected if count else None,
            difference=count.difference if count else None,
            counted_at=row.counted_at,
            row=row,
            blind=blind,
        )


@strawberry.type(description="Some variants of a location that are counted while selling goes on.")
class Stocktake(StockDocument):
    """A count of variants at one location."""

    kind = STOCKTAKES
    row: strawberry.Private[StocktakeRow]
    status: StocktakeStatus = column("status")

    @batched
    @staticmethod
    async def location(parents: list[Stocktake], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.row.location_id for each in parents])

    @sized_by("first", otherwise=100)
    @batched
    @staticmethod
    async def lines(
        parents: list[Stocktake], ctx: Context, first: SliceSize = 100, skip: Skip = 0
    ) -> list[list[StocktakeLine]]:
        found = await lines_of(parents, Slice(first, skip))
        return [
            [
                StocktakeLine.of(line, blind=each.row.status is StocktakeStatus.OPEN)
                for line in lines
            ]
            for each, lines in zip(parents, found, strict=True)
        ]

    @list_size(all_of(StocktakeAction))
    @batched
    @staticmethod
    async def available_actions(
        parents: list[Stocktake], ctx: Context
    ) -> list[list[StocktakeAction]]:
        """What you may do with it now."""
        found = await stocktakes.actions_of(ctx, [each.row for each in parents])
        return [[StocktakeAction(action) for action in actions] for actions in found]
