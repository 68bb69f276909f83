"""The filter of the ledger, and the conditions that filters of stock share."""

from __future__ import annotations

from datetime import datetime

import strawberry

from models.stock.states import MovementReason
from resolvers.stock.ledger.as_of import SnapshotFilter
from resolvers.stock.ledger.movements import MovementFilter
from schema.nodes.nodes import document_of, optional_row_id

STATUS = "One of these."
LOCATION = "The store or warehouse that it concerns."
SINCE = "Made at this moment or later."
UNTIL = "Made before this moment."


def location_of(text: str | None, *path: str) -> int | None:
    """Return the row ID of a store or warehouse. Raises: InvalidInput naming `path`."""
    return optional_row_id(text, "Store", "Warehouse", path=path)


def variant_of(text: str | None) -> int | None:
    """Return the row ID of a filter's variant. Raises: InvalidInput."""
    return optional_row_id(text, "Variant", path=("filter", "variantId"))


@strawberry.input(description="All that is given must hold.")
class StockMovementFilter:
    """The filter of a list of movements."""

    variant_id: strawberry.ID | None = strawberry.field(
        default=None, description="The variant that moved."
    )
    location_id: strawberry.ID | None = strawberry.field(default=None, description=LOCATION)
    reasons: list[MovementReason] | None = strawberry.field(default=None, description=STATUS)
    document_id: strawberry.ID | None = strawberry.field(
        default=None, description="What it was done for, such as an order."
    )
    since: datetime | None = strawberry.field(default=None, description=SINCE)
    until: datetime | None = strawberry.field(default=None, description=UNTIL)

    def wanted(self) -> MovementFilter:
        """Return the conditions. Raises: InvalidInput naming the field that holds no ID."""
        document = self.document_id
        return MovementFilter(
            variant_id=variant_of(self.variant_id),
            location_id=location_of(self.location_id, "filter", "locationId"),
            reasons=None if self.reasons is None else tuple(self.reasons),
            document=None if document is None else document_of(document, "filter", "documentId"),
            since=self.since,
            until=self.until,
        )


@strawberry.input(description="All that is given must hold; one of them must be given.")
class StockSnapshotFilter:
    variant_id: strawberry.ID | None = strawberry.field(
        default=None, description="The variant that stood there."
    )
    location_id: strawberry.ID | None = strawberry.field(
        default=None, description="The store or warehouse."
    )

    def wanted(self) -> SnapshotFilter:
        """Raises: InvalidInput naming what is no ID."""
        return SnapshotFilter(
            variant_id=variant_of(self.variant_id),
            location_id=location_of(self.location_id, "filter", "locationId"),
        )
