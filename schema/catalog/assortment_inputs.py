from __future__ import annotations

import strawberry

from resolvers.bulk_rows import OnError
from resolvers.catalog.assortments.assortments import AssortmentDraft


@strawberry.input(
    description="Whether a place carries a SKU, or all the SKUs that a product has now."
)
class AssortmentSetRow:
    sku: str | None = None
    product_code: str | None = None
    location_code: str | None = strawberry.field(
        default=None, description="Left out: every place whose assortment says nothing of it."
    )
    carried: bool | None = strawberry.field(
        default=None, description="Null: nothing is said any more."
    )

    def draft(self) -> AssortmentDraft:
        return AssortmentDraft(
            sku=self.sku,
            product_code=self.product_code,
            location_code=self.location_code,
            carried=self.carried,
        )


@strawberry.input
class AssortmentSetInput:
    rows: list[AssortmentSetRow]
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False
