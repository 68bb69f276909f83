from __future__ import annotations

from dataclasses import field
from datetime import datetime

import strawberry

from resolvers.stock.stocktakes.counting import CountDraft
from schema.catalog.inputs import VariantQuantityInput
from schema.errors import UserError
from schema.nodes.nodes import row_id
from schema.stock.serials.inputs import OF_TRACKED, SerialInput
from schema.stock.stocktakes.types import Stocktake


@strawberry.input
class StocktakeOpenInput:
    location_id: strawberry.ID
    variant_ids: list[strawberry.ID]
    note: str | None = None


@strawberry.input
class StocktakeCountInput:
    stocktake_id: strawberry.ID
    counts: list[VariantQuantityInput] = strawberry.field(
        description="How many pieces there are, in whatever state; 0 is a count."
    )
    serials: list[SerialInput] | None = strawberry.field(default=None, description=OF_TRACKED)
    counted_at: datetime | None = strawberry.field(
        default=None, description="When they were counted; now unless told."
    )
    idempotency_key: str | None = strawberry.field(
        default=None,
        description="Lets a count be sent again without being taken for another one.",
    )

    def drafts(self) -> list[CountDraft]:
        return [
            CountDraft(
                each.variant_row("counts", place),
                each.quantity,
            )
            for place, each in enumerate(self.counts)
        ]


@strawberry.input
class StocktakeRecountInput:
    stocktake_id: strawberry.ID
    variant_ids: list[strawberry.ID]


@strawberry.input
class StocktakeActInput:
    stocktake_id: strawberry.ID
    idempotency_key: str


@strawberry.input
class StocktakeCancelInput:
    stocktake_id: strawberry.ID
    note: str | None = None


@strawberry.type
class StocktakePayload:
    stocktake: Stocktake | None = None
    user_errors: list[UserError] = field(default_factory=list)


def variant_ids_of(ids: list[strawberry.ID]) -> list[int]:
    return [row_id(each, "Variant", path=("variantIds", place)) for place, each in enumerate(ids)]
