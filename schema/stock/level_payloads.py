"""What mutations of stock levels return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Any, ClassVar, Self

import strawberry

from resolvers.bulk_rows import BatchOutcome
from resolvers.context import Context
from schema.batches import RowResult, errors_of, row_results, variants_of
from schema.errors import UserError
from schema.stock.types import StockLevel, StockMovement


@strawberry.type
class RowsPayload:
    """The payload of a mutation whose rows name an SKU; `counted` is its field for the changes made."""

    counted: ClassVar[str] = ""
    results: list[RowResult] = field(default_factory=list)
    user_errors: list[UserError] = field(default_factory=list)

    @classmethod
    def of(cls, outcome: BatchOutcome, ctx: Context, rows: Sequence[Any]) -> Self:
        """Return the payload of a batch; `rows` are its rows as the input has them."""
        return cls(
            results=row_results(outcome, ctx, variants_of(rows)),
            user_errors=errors_of(outcome.refusals, ctx),
            **({cls.counted: outcome.updated} if cls.counted else {}),
        )


@strawberry.type
class StockSetPayload(RowsPayload):
    """The results of setting levels, and the levels."""

    levels: list[StockLevel] = field(default_factory=list)


@strawberry.type
class SafetyStockSetPayload(RowsPayload):
    """The results of setting safety stocks."""

    counted = "changed_levels"
    changed_levels: int = strawberry.field(
        default=0, description="How many levels have another safety stock now."
    )


@strawberry.type
class OpeningCostSetPayload(RowsPayload):
    """The results of setting opening costs."""

    counted = "changed_levels"
    changed_levels: int = strawberry.field(
        default=0, description="How many levels have a cost now that had none."
    )


@strawberry.type
class BackorderSetPayload(RowsPayload):
    """The results of setting the limits of backorders."""

    counted = "changed_variants"
    changed_variants: int = strawberry.field(
        default=0, description="How many variants have another limit or day now."
    )


@strawberry.type
class StockAdjustPayload:
    """The level and the movement of one adjustment."""

    level: StockLevel | None = None
    movement: StockMovement | None = None
    user_errors: list[UserError] = field(default_factory=list)
