"""The filters of lists of stock documents: what all kinds share, and what each kind adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from enum import StrEnum

import strawberry

from models.stock.documents.purchase_rules import PurchaseOrderStatus, SupplierReturnStatus
from models.stock.documents.stocktake_rules import StocktakeStatus
from models.stock.documents.transfer_rules import TransferStatus
from resolvers.stock.documents.all_kinds import AnyDocumentFilter
from resolvers.stock.documents.lists import DocumentFilter
from schema.stock.documents.statuses import StockDocumentKind, StockDocumentStatus
from schema.stock.filters import LOCATION, SINCE, STATUS, UNTIL, location_of, variant_of

NUMBER = "The whole number."
VARIANT = "A variant that it has a line of."
SUPPLIER = "The code of its supplier."


@strawberry.input
class DocumentConditions:
    """The conditions on documents of any kind; a filter of the API adds its own."""

    location_id: strawberry.ID | None = strawberry.field(default=None, description=LOCATION)
    number: str | None = strawberry.field(default=None, description=NUMBER)
    created_from: datetime | None = strawberry.field(default=None, description=SINCE)
    created_to: datetime | None = strawberry.field(default=None, description=UNTIL)

    def wanted(self) -> DocumentFilter:
        """Return the conditions. Raises: InvalidInput naming the field that holds no ID."""
        return DocumentFilter(
            location_id=location_of(self.location_id, "filter", "locationId"),
            number=self.number,
            created_from=self.created_from,
            created_to=self.created_to,
        )


@strawberry.input(description="All that is given must hold.")
class TransferFilter(DocumentConditions):
    """The filter of a list of transfers."""

    status: list[TransferStatus] | None = strawberry.field(default=None, description=STATUS)
    location_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where it begins or ends."
    )
    source_id: strawberry.ID | None = strawberry.field(default=None, description="Where it begins.")
    destination_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where it ends."
    )
    variant_id: strawberry.ID | None = strawberry.field(default=None, description=VARIANT)

    def wanted(self) -> DocumentFilter:
        """Return the conditions. Raises: InvalidInput naming the field that holds no ID."""
        return replace(
            super().wanted(),
            statuses=once(self.status),
            source_id=location_of(self.source_id, "filter", "sourceId"),
            destination_id=location_of(self.destination_id, "filter", "destinationId"),
            variant_id=variant_of(self.variant_id),
        )


@strawberry.input(description="All that is given must hold.")
class PurchaseOrderFilter(DocumentConditions):
    """The filter of a list of purchase orders."""

    status: list[PurchaseOrderStatus] | None = strawberry.field(default=None, description=STATUS)
    location_id: strawberry.ID | None = strawberry.field(
        default=None, description="Where the goods go."
    )
    supplier_code: str | None = strawberry.field(default=None, description=SUPPLIER)
    variant_id: strawberry.ID | None = strawberry.field(default=None, description=VARIANT)

    def wanted(self) -> DocumentFilter:
        """Return the conditions. Raises: InvalidInput naming the field that holds no ID."""
        return replace(
            super().wanted(),
            statuses=once(self.status),
            supplier_code=self.supplier_code,
            variant_id=variant_of(self.variant_id),
        )


@strawberry.input(description="All that is given must hold.")
class SupplierReturnFilter(DocumentConditions):
    """The filter of a list of supplier returns."""

    status: list[SupplierReturnStatus] | None = strawberry.field(default=None, description=STATUS)
    supplier_code: str | None = strawberry.field(default=None, description=SUPPLIER)

    def wanted(self) -> DocumentFilter:
        """Return the conditions. Raises: InvalidInput naming the field that holds no ID."""
        return replace(
            super().wanted(), statuses=once(self.status), supplier_code=self.supplier_code
        )


@strawberry.input(description="All that is given must hold.")
class StocktakeFilter(DocumentConditions):
    """The filter of a list of stocktakes."""

    status: list[StocktakeStatus] | None = strawberry.field(default=None, description=STATUS)

    def wanted(self) -> DocumentFilter:
        """Return the conditions. Raises: InvalidInput naming the field that holds no ID."""
        return replace(super().wanted(), statuses=once(self.status))


@strawberry.input(description="All that is given must hold.")
class StockDocumentFilter(DocumentConditions):
    """The filter of a list over several kinds."""

    kind: list[StockDocumentKind] | None = strawberry.field(
        default=None, description="One of these kinds."
    )
    status: list[StockDocumentStatus] | None = strawberry.field(default=None, description=STATUS)
    open: bool | None = strawberry.field(
        default=None, description="Whether anything is left to do with it, by whomever."
    )
    variant_id: strawberry.ID | None = strawberry.field(default=None, description=VARIANT)

    def any_kind(self) -> AnyDocumentFilter:
        """Return the conditions. Raises: InvalidInput naming the field that holds no ID."""
        common = self.wanted()
        return AnyDocumentFilter(
            kinds=once(self.kind),
            statuses=once(self.status),
            is_open=self.open,
            location_id=common.location_id,
            variant_id=variant_of(self.variant_id),
            number=common.number,
            created_from=common.created_from,
            created_to=common.created_to,
        )


def once(values: Sequence[StrEnum] | None) -> list[StrEnum] | None:
    """Return the values without repeats, in one order, so that equal filters have equal cursors."""
    return None if values is None else sorted(set(values))
