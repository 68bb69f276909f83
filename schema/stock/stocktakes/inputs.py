"""The inputs of mutations of stocktakes."""

from __future__ import annotations

from datetime import datetime

import strawberry

from resolvers.stock.stocktakes.counting import CountDraft
from schema.catalog.inputs import VariantQuantityInput
from schema.nodes.nodes import row_id
from schema.stock.serials.inputs import OF_TRACKED, SerialInput


@strawberry.input
class StocktakeOpenInput:
    """A stocktake."""

    location_id: strawberry.ID
    variant_ids: list[strawberry.ID]
    note: str | None = None


@strawberry.input
class StocktakeStepInput:
    """A step of one stocktake."""

    stocktake_id: strawberry.ID

    def row_id(self) -> int:
        """Return the row ID of the document. Raises: InvalidInput."""
        return row_id(self.stocktake_id, "Stocktake", path=("stocktakeId",))


@strawberry.input
class StocktakeCountInput(StocktakeStepInput):
    """What was counted of some lines."""

    counts: list[VariantQuantityInput] = strawberry.field(
        description="How many pieces there are, in whatever state; 0 is a count."
    )
    serials: list[SerialInput] | None = strawberry.field(default=None, description=OF_TRACKED)
    counted_at: datetime | None = strawberry.field(
        default=None, description="When they were counted (default: now)."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Lets a count be sent again without being taken for another one.",
    )

    def drafts(self) -> list[CountDraft]:
        """Return the counts as the use case expects them. Raises: InvalidInput for what is no ID."""
        return [
            CountDraft(
                each.variant_row("counts", place),
                each.quantity,
            )
            for place, each in enumerate(self.counts)
        ]


@strawberry.input
class StocktakeRecountInput(StocktakeStepInput):
    """Lines that are counted again."""

    variant_ids: list[strawberry.ID]


@strawberry.input
class StocktakeActInput(StocktakeStepInput):
    """The approval of a stocktake."""

    idempotency_key: str


@strawberry.input
class StocktakeCancelInput(StocktakeStepInput):
    """The cancellation of a stocktake."""

    note: str | None = None


def variant_ids_of(ids: list[strawberry.ID]) -> list[int]:
    """Return the row IDs of `variantIds`. Raises: InvalidInput naming what is no ID of a variant."""
    return [row_id(each, "Variant", path=("variantIds", place)) for place, each in enumerate(ids)]
