"""Stock levels, movements and snapshots as GraphQL types."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.stock.health import COVER_DAYS, StockHealth, cover_days, health_of
from models.stock.ledger import StockMovement as MovementRow
from models.stock.states import MovementReason, StockState
from models.tables.columns import moment
from resolvers.catalog.products import variants
from resolvers.context import Context
from resolvers.stock.ledger import as_of, movements
from resolvers.stock.levels import levels, sold_by_level
from schema.actors import Actor, actors
from schema.batching import batched
from schema.catalog.types import Variant
from schema.columns import column, derived, identity
from schema.enums import described_enum
from schema.list_arguments import SoldDays
from schema.money import Money
from schema.nodes.loading import documents_of
from schema.nodes.nodes import Document, Node, global_id
from schema.operations.cacheable_fields import repeatable
from schema.scalars import BigInt
from schema.stock.cost_types import (
    StockOpeningCost,
    average_costs,
    opening_costs,
    stock_values,
    value_changes,
)
from schema.stock.documents.history import document_of
from schema.stores.types import StockLocation

described_enum(
    StockHealth,
    "How a level stands against its floor.",
    OUT="Nothing is available.",
    BELOW_SAFETY="Less is available than the safety stock.",
    BELOW_MINIMUM="Less is available than the minimum of the level; none has one yet.",
    SOUND="Enough is available.",
    OVERSTOCK="More is available than the maximum of the level; none has one yet.",
)
strawberry.enum(StockState)
strawberry.enum(MovementReason)


@strawberry.type(
    description="How many pieces of a variant stand at a location. `onHand` is always the sum of the five"
    " states, and holds that have expired are counted as available. Whoever may not read stock there sees"
    " as `available` what their channel may buy, and 0 in every other state."
)
class StockLevel(Node):
    """The pieces of one variant at one location, by state."""

    row: strawberry.Private[levels.Level]
    id: strawberry.ID = identity("StockLevel")
    on_hand: int = column("quantities.on_hand")
    available: int = column("quantities.available")
    held: int = column(
        "quantities.held", description="Promised to an unpaid order until it expires."
    )
    committed: int = column("quantities.committed", description="Paid, not yet handed over.")
    damaged: int = column("quantities.damaged")
    quarantined: int = column("quantities.quarantined")
    incoming: int = column("incoming", description="On its way here; not part of onHand.")
    safety_stock: int = column("safety_stock", description="What online channels leave alone.")
    version: int = column("version")

    @derived
    def distance_metres(self) -> int | None:
        """How far the location is, in lists by distance; null elsewhere."""
        metres = self.row.distance_metres
        return None if metres is None else round(metres)

    @derived
    def updated_at(self) -> datetime:
        return moment(self.row.updated_at)

    @derived
    def health(self) -> StockHealth | None:
        """How it stands against its safety stock; null unless you may read stock there."""
        row = self.row
        return health_of(row.quantities.available, row.safety_stock) if row.whole else None

    @batched
    @staticmethod
    async def sold_last(
        parents: list[StockLevel], ctx: Context, days: SoldDays = COVER_DAYS
    ) -> list[int | None]:
        """How many pieces customers took from here in the last days; null unless you may read stock there.

        Pieces that were brought back are not taken off.
        """
        found = await sold_by_level.of_levels(ctx, [each.row.id for each in parents], days)
        return [found.get(each.row.id) for each in parents]

    @batched
    @staticmethod
    async def cover_days(parents: list[StockLevel], ctx: Context) -> list[int | None]:
        """How many days the available pieces last, if as many are sold a day as in the last 30 days.

        Null where none was sold, or unless you may read stock there.
        """
        ids = [each.row.id for each in parents]
        found = await sold_by_level.of_levels(ctx, ids, COVER_DAYS)
        return [
            cover_days(each.row.quantities.available, found.get(each.row.id, 0)) for each in parents
        ]

    @repeatable
    @batched
    @staticmethod
    async def variant(parents: list[StockLevel], ctx: Context) -> list[Variant]:
        return await variants_of(parents, ctx)

    @repeatable
    @batched
    @staticmethod
    async def location(parents: list[StockLevel], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.row.location_id for each in parents])

    @batched
    @staticmethod
    async def average_cost(parents: list[StockLevel], ctx: Context) -> list[Money | None]:
        """What one piece is worth on average; null without STOCK_COST_READ, or where it never had a cost."""
        return await average_costs([each.row.id for each in parents], ctx)

    @batched
    @staticmethod
    async def stock_value(parents: list[StockLevel], ctx: Context) -> list[Money | None]:
        """What all pieces here are worth together, to the fen."""
        return await stock_values([each.row.id for each in parents], ctx)

    @batched
    @staticmethod
    async def opening_cost(
        parents: list[StockLevel], ctx: Context
    ) -> list[StockOpeningCost | None]:
        """What headquarters said that stock costs which was never bought here."""
        return await opening_costs([each.row.id for each in parents], ctx)

    @classmethod
    def of(cls, row: levels.Level) -> StockLevel:
        """Return the level of a row."""
        return cls(row=row)

    @classmethod
    async def find(cls, ctx: Context, ids: Sequence[int]) -> list[StockLevel | None]:
        """Return the levels with these row IDs, None for each that the caller may not look up by ID."""
        found = await levels.findable_by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[StockLevel | None]:
        """Return the nodes with these row IDs, None for each that the caller may not see."""
        found = await levels.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type(
    description="One line of the append-only ledger: a correction is another movement."
)
class StockMovement(Node):
    """One movement of the ledger."""

    id: strawberry.ID
    sequence: BigInt
    from_state: StockState
    to_state: StockState
    quantity: int
    reason: MovementReason
    document_type: str | None
    document_id: strawberry.ID | None = strawberry.field(
        description="What it was done for, such as an order; null where nothing was."
    )
    note: str | None
    occurred_at: datetime
    row: strawberry.Private[MovementRow]

    @batched
    @staticmethod
    async def variant(parents: list[StockMovement], ctx: Context) -> list[Variant]:
        return await variants_of(parents, ctx)

    @batched
    @staticmethod
    async def location(parents: list[StockMovement], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.row.location_id for each in parents])

    @batched
    @staticmethod
    async def actor(parents: list[StockMovement], ctx: Context) -> list[Actor | None]:
        return await actors(ctx, [(each.row.actor_kind, each.row.actor_id) for each in parents])

    @batched
    @staticmethod
    async def document(parents: list[StockMovement], ctx: Context) -> list[Document | None]:
        """What it was done for, as far as you may see it; null for what has no number."""
        return await documents_of(
            ctx, [(each.row.document_type, each.row.document_id) for each in parents]
        )

    @batched
    @staticmethod
    async def value_change(parents: list[StockMovement], ctx: Context) -> list[Money | None]:
        """What it added to the value of the level, or took (below 0), to the fen.

        Null without STOCK_COST_READ, within a place, and from before the level had a cost.
        """
        return await value_changes([each.row for each in parents], ctx)

    @classmethod
    def of(cls, row: MovementRow) -> StockMovement:
        """Return the movement of a row."""
        return cls(
            id=global_id("StockMovement", row.id),
            sequence=BigInt(row.id),
            from_state=row.from_state,
            to_state=row.to_state,
            quantity=row.quantity,
            reason=row.reason,
            document_type=row.document_type,
            document_id=document_of(row),
            note=row.note,
            occurred_at=row.created_at,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[StockMovement | None]:
        """Return the nodes with these row IDs, None for each that the caller may not see."""
        found = await movements.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type(
    description="How a level stood at a moment, from the ledger; holds that had expired by then count as"
    " available."
)
class StockSnapshot:
    """A stock level at a moment of the past."""

    at: datetime
    on_hand: int
    available: int
    held: int
    committed: int
    damaged: int
    quarantined: int
    row: strawberry.Private[as_of.Snapshot]

    @batched
    @staticmethod
    async def variant(parents: list[StockSnapshot], ctx: Context) -> list[Variant]:
        return await variants_of(parents, ctx)

    @batched
    @staticmethod
    async def location(parents: list[StockSnapshot], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.row.location_id for each in parents])

    @classmethod
    def of(cls, row: as_of.Snapshot) -> StockSnapshot:
        """Return the snapshot of a row."""
        quantities = row.quantities
        return cls(
            at=row.at,
            on_hand=quantities.on_hand,
            available=quantities.available,
            held=quantities.held,
            committed=quantities.committed,
            damaged=quantities.damaged,
            quarantined=quantities.quarantined,
            row=row,
        )


async def variants_of(parents: Sequence[Any], ctx: Context) -> list[Variant]:
    """The variants of levels, movements or snapshots, whether or not they are still on sale."""
    found = await variants.by_ids(ctx, [each.row.variant_id for each in parents])
    return [Variant.of(found[each.row.variant_id]) for each in parents]
