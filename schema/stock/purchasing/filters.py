from __future__ import annotations

from datetime import datetime

import strawberry

from models.stock.documents.purchase_rules import SupplierReturnStatus
from resolvers.stock.documents.lists import DocumentFilter
from resolvers.stock.purchasing.suppliers import SupplierQuery
from schema.stock.documents import document_filter


@strawberry.input(description="All that is given must hold.")
class SupplierFilter:
    search: str | None = strawberry.field(
        default=None, description="A part of the name or of the code, whatever the case."
    )
    active: bool | None = strawberry.field(
        default=None, description="Only those who are, or are not, bought from."
    )

    def query(self) -> SupplierQuery:
        return SupplierQuery(search=self.search, active=self.active)


@strawberry.input(description="All that is given must hold.")
class SupplierReturnFilter:
    status: list[SupplierReturnStatus] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    location_id: strawberry.ID | None = strawberry.field(
        default=None, description="From this store or warehouse."
    )
    supplier_code: str | None = strawberry.field(
        default=None, description="To the supplier with this code."
    )
    number: str | None = strawberry.field(default=None, description="With this number, whole.")
    created_from: datetime | None = strawberry.field(
        default=None, description="Written at this moment or later."
    )
    created_to: datetime | None = strawberry.field(
        default=None, description="Written before this moment."
    )

    def query(self) -> DocumentFilter:
        return document_filter(
            self.status,
            self.location_id,
            self.number,
            self.created_from,
            self.created_to,
            self.supplier_code,
            at=("filter",),
        )
