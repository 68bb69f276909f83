from __future__ import annotations

from dataclasses import field

import strawberry

from schema.batches import RowResult
from schema.errors import UserError
from schema.stock.types import StockLevel, StockMovement


@strawberry.type
class StockSetPayload:
    results: list[RowResult] = field(default_factory=list)
    levels: list[StockLevel] = field(default_factory=list)
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class StockAdjustPayload:
    level: StockLevel | None = None
    movement: StockMovement | None = None
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class SafetyStockSetPayload:
    results: list[RowResult] = field(default_factory=list)
    changed_levels: int = strawberry.field(
        default=0, description="How many levels have another safety stock now."
    )
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class OpeningCostSetPayload:
    results: list[RowResult] = field(default_factory=list)
    changed_levels: int = strawberry.field(
        default=0, description="How many levels have a cost now that had none."
    )
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class BackorderSetPayload:
    results: list[RowResult] = field(default_factory=list)
    changed_variants: int = strawberry.field(
        default=0, description="How many variants have another limit or day now."
    )
    user_errors: list[UserError] = field(default_factory=list)
