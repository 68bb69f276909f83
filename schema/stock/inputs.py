"""The inputs of mutations that change stock levels."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import strawberry

from models.stock.states import MovementReason, StockState
from resolvers.bulk_rows import OnError
from resolvers.stock.allocation.backorder_limits import BackorderDraft
from resolvers.stock.costs.opening import OpeningDraft
from resolvers.stock.levels.adjustments import AdjustmentDraft
from resolvers.stock.levels.erp_sync import LevelDraft
from resolvers.stock.levels.safety_stock import SafetyDraft


@strawberry.input
class StockSetRow:
    """The quantity of one SKU at one location."""

    location_code: str
    sku: str
    quantity: int = strawberry.field(description="How many are to be available.")
    compare_quantity: int | None = strawberry.field(
        default=None, description="How many are available as far as you know; else it is refused."
    )

    def draft(self) -> LevelDraft:
        """Return the row as the use case expects it."""
        return LevelDraft(
            location_code=self.location_code,
            sku=self.sku,
            quantity=self.quantity,
            compare_quantity=self.compare_quantity,
        )


@strawberry.input
class StockSetInput:
    """The rows of `stockSet`."""

    rows: list[StockSetRow]
    idempotency_key: str
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = strawberry.field(
        default=False, description="Answers no levels, as none has changed."
    )


@strawberry.input
class StockAdjustInput:
    """One adjustment by hand."""

    location_code: str
    sku: str
    from_state: StockState
    to_state: StockState
    quantity: int
    reason: MovementReason
    idempotency_key: str
    note: str | None = None
    serials: list[str] | None = strawberry.field(
        default=None,
        description="One for each piece, where the variant tracks them.",
    )

    def draft(self) -> AdjustmentDraft:
        """Return the adjustment as the use case expects it."""
        return AdjustmentDraft(
            location_code=self.location_code,
            sku=self.sku,
            from_state=self.from_state,
            to_state=self.to_state,
            quantity=self.quantity,
            reason=self.reason,
            note=self.note,
            serials=self.serials,
        )


@strawberry.input
class SafetyStockRow:
    """The safety stock of one SKU at a location, or the default of the location."""

    location_code: str
    sku: str | None = strawberry.field(
        default=None, description="Left out, the row sets the default of the location."
    )
    quantity: int | None = strawberry.field(
        default=None,
        description="What online channels leave alone. Left out, the SKU follows its location's default.",
    )

    def draft(self) -> SafetyDraft:
        """Return the row as the use case expects it."""
        return SafetyDraft(location_code=self.location_code, sku=self.sku, quantity=self.quantity)


@strawberry.input
class SafetyStockSetInput:
    """The rows of `safetyStockSet`."""

    rows: list[SafetyStockRow]
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False


@strawberry.input
class OpeningCostRow:
    """The cost of a piece of one SKU at one location."""

    location_code: str
    sku: str
    unit_cost: Decimal

    def draft(self) -> OpeningDraft:
        """Return the row as the use case expects it."""
        return OpeningDraft(
            location_code=self.location_code, sku=self.sku, unit_cost=self.unit_cost
        )


@strawberry.input
class OpeningCostSetInput:
    """The rows of `openingCostSet`."""

    rows: list[OpeningCostRow]
    note: str | None = None
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False


@strawberry.input
class BackorderRow:
    """The limit of the backorders of one SKU."""

    sku: str
    limit: int = strawberry.field(
        description="How many pieces may be promised at a time that are not there yet; 0 ends it."
    )
    expected_on: date | None = strawberry.field(
        default=None, description="When they are expected; after that day nothing more is promised."
    )

    def draft(self) -> BackorderDraft:
        """Return the row as the use case expects it."""
        return BackorderDraft(sku=self.sku, limit=self.limit, expected_on=self.expected_on)


@strawberry.input
class BackorderSetInput:
    """The rows of `backorderSet`."""

    rows: list[BackorderRow]
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False
