from __future__ import annotations

from decimal import Decimal

import strawberry

from models.catalog.products import ProductStatus
from resolvers.catalog.filters import ProductQuery
from schema.nodes import optional_row_id, row_id


@strawberry.input(description="All that is given must hold.")
class ProductFilter:
    search: str | None = strawberry.field(
        default=None, description="Parts of the name or brand, a SKU, a code or a whole barcode."
    )
    category_code: str | None = strawberry.field(
        default=None, description="In this category or any below it."
    )
    brand_code: str | None = None
    tags: list[str] | None = strawberry.field(default=None, description="Has all of them.")
    status: ProductStatus | None = strawberry.field(
        default=None, description="Only ACTIVE finds anything for who may not read drafts."
    )
    price_from: Decimal | None = None
    price_to: Decimal | None = None
    in_stock_only: bool | None = None
    sold_at_store_id: strawberry.ID | None = strawberry.field(
        default=None, description="The store keeps it; with inStockOnly, it has it in stock."
    )

    def query(self) -> ProductQuery:
        return ProductQuery(
            search=self.search,
            category_code=self.category_code,
            brand_code=self.brand_code,
            tags=tuple(dict.fromkeys(self.tags or ())),
            status=self.status,
            price_from=self.price_from,
            price_to=self.price_to,
            in_stock_only=bool(self.in_stock_only),
            sold_at_store_id=optional_row_id(
                self.sold_at_store_id, "Store", "Warehouse", path=("filter", "soldAtStoreId")
            ),
        )


@strawberry.input
class VariantQuantityInput:
    variant_id: strawberry.ID
    quantity: int

    def variant_row(self, *path: str | int) -> int:
        """The variant's row ID. Raises: InvalidInput naming `variantId` below `path`."""
        return row_id(self.variant_id, "Variant", path=(*path, "variantId"))
