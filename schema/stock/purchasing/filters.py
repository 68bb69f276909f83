"""The filter of the list of suppliers."""

from __future__ import annotations

import strawberry

from resolvers.stock.purchasing.suppliers import SupplierQuery


@strawberry.input(description="All that is given must hold.")
class SupplierFilter:
    """The filter of a list of suppliers."""

    search: str | None = strawberry.field(
        default=None, description="Some characters of the name or of the code, in any case."
    )
    active: bool | None = strawberry.field(
        default=None, description="Only those who are, or are not, bought from."
    )

    def query(self) -> SupplierQuery:
        """Return the conditions."""
        return SupplierQuery(search=self.search, active=self.active)
