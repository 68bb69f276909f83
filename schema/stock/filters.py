"""What lists of stock documents and movements are cut to."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import strawberry

from models.stock.documents.purchase_rules import PurchaseOrderStatus
from models.stock.documents.stocktake_rules import StocktakeStatus
from models.stock.documents.transfer_rules import TransferStatus
from models.stock.states import MovementReason
from resolvers.stock.documents.lists import DocumentFilter
from resolvers.stock.ledger.as_of import SnapshotFilter
from resolvers.stock.ledger.movements import MovementFilter
from schema.nodes.nodes import document_of, optional_row_id
from schema.stock.documents import document_filter

STATUS = "One of these."
PLACE = "The store or warehouse that it concerns."
NUMBER = "The whole number."
VARIANT = "A variant that it has a line of."
SINCE = "Made at this moment or later."
UNTIL = "Made before this moment."


def place_of(text: str | None, *path: str) -> int | None:
    """Raises: InvalidInput naming what is no ID of a store or warehouse."""
    return optional_row_id(text, "Store", "Warehouse", path=path)


def variant_of(text: str | None) -> int | None:
    return optional_row_id(text, "Variant", path=("filter", "variantId"))


@strawberry.input(description="All that is given must hold.")
class TransferFilter:
    status: list[TransferStatus] | None = strawberry.field(default=None, description=STATUS)
    location_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where it begins or ends."
    )
    source_id: strawberry.ID | None = strawberry.field(default=None, description="Where it begins.")
    destination_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where it ends."
    )
    variant_id: strawberry.ID | None = strawberry.field(default=None, description=VARIANT)
    number: str | None = strawberry.field(default=None, description=NUMBER)
    created_from: datetime | None = strawberry.field(default=None, description=SINCE)
    created_to: datetime | None = strawberry.field(default=None, description=UNTIL)

    def wanted(self) -> DocumentFilter:
        return replace(
            _common(self),
            source_id=place_of(self.source_id, "filter", "sourceId"),
            destination_id=place_of(self.destination_id, "filter", "destinationId"),
            variant_id=variant_of(self.variant_id),
        )


@strawberry.input(description="All that is given must hold.")
class PurchaseOrderFilter:
    status: list[PurchaseOrderStatus] | None = strawberry.field(default=None, description=STATUS)
    location_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where the goods go."
    )
    supplier_code: str | None = strawberry.field(default=None, description="Whom it was sent to.")
    variant_id: strawberry.ID | None = strawberry.field(default=None, description=VARIANT)
    number: str | None = strawberry.field(default=None, description=NUMBER)
    created_from: datetime | None = strawberry.field(default=None, description=SINCE)
    created_to: datetime | None = strawberry.field(default=None, description=UNTIL)

    def wanted(self) -> DocumentFilter:
        return replace(
            _common(self),
            supplier_code=self.supplier_code,
            variant_id=variant_of(self.variant_id),
        )


@strawberry.input(description="All that is given must hold.")
class StocktakeFilter:
    status: list[StocktakeStatus] | None = strawberry.field(default=None, description=STATUS)
    location_id: strawberry.ID | None = strawberry.field(default=None, description=PLACE)
    number: str | None = strawberry.field(default=None, description=NUMBER)
    created_from: datetime | None = strawberry.field(default=None, description=SINCE)
    created_to: datetime | None = strawberry.field(default=None, description=UNTIL)

    def wanted(self) -> DocumentFilter:
        return _common(self)


@strawberry.input(description="All that is given must hold.")
class StockMovementFilter:
    variant_id: strawberry.ID | None = strawberry.field(
        default=None, description="The variant that moved."
    )
    location_id: strawberry.ID | None = strawberry.field(default=None, description=PLACE)
    reasons: list[MovementReason] | None = strawberry.field(default=None, description=STATUS)
    document_id: strawberry.ID | None = strawberry.field(
        default=None, description="What it was done for, such as an order."
    )
    since: datetime | None = strawberry.field(default=None, description=SINCE)
    until: datetime | None = strawberry.field(default=None, description=UNTIL)

    def wanted(self) -> MovementFilter:
        document = self.document_id
        return MovementFilter(
            variant_id=variant_of(self.variant_id),
            location_id=place_of(self.location_id, "filter", "locationId"),
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
            location_id=place_of(self.location_id, "filter", "locationId"),
        )


def _common(given: TransferFilter | PurchaseOrderFilter | StocktakeFilter) -> DocumentFilter:
    """What every filter of documents has."""
    return document_filter(
        given.status,
        given.location_id,
        given.number,
        given.created_from,
        given.created_to,
        at=("filter",),
    )
