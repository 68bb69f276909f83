from __future__ import annotations

import strawberry

from resolvers.catalog.assortments import assortments
from resolvers.catalog.classification import brands, category_tree
from resolvers.catalog.products import upsert
from schema.batches import UpsertPayload
from schema.catalog.assortment_inputs import AssortmentSetInput
from schema.catalog.brand_inputs import BrandUpsertInput
from schema.catalog.category_inputs import CategoryUpsertInput
from schema.catalog.inputs import CatalogUpsertInput
from schema.errors import refusing
from schema.info import Info


@strawberry.type
class CatalogUpsertPayload(UpsertPayload):
    pass


@strawberry.type
class BrandUpsertPayload(UpsertPayload):
    pass


@strawberry.type
class CategoryUpsertPayload(UpsertPayload):
    pass


@strawberry.type
class AssortmentSetPayload(UpsertPayload):
    pass


@strawberry.type
class CatalogMutations:
    @refusing(AssortmentSetPayload)
    async def assortment_set(self, info: Info, input: AssortmentSetInput) -> AssortmentSetPayload:
        """Say which stores and warehouses carry what, up to 500 rows at once.

        Everything is carried everywhere until something else is said; `updated` counts variants.
        Needs CATALOG_WRITE.
        """
        drafts = [row.draft() for row in input.rows]
        outcome = await assortments.set_rows(info.context, drafts, input.on_error, input.dry_run)
        named = [
            [f"product:{row.product_code}"] if row.product_code else [f"sku:{row.sku}"]
            for row in input.rows
        ]
        return AssortmentSetPayload.naming(outcome, info.context, named)

    @refusing(BrandUpsertPayload)
    async def brand_upsert(self, info: Info, input: BrandUpsertInput) -> BrandUpsertPayload:
        """Add, name and show brands by their codes, up to 500 at once; the same again changes nothing.

        Needs CATALOG_WRITE.
        """
        drafts = [row.draft() for row in input.brands]
        outcome = await brands.upsert(info.context, drafts, input.on_error, input.dry_run)
        return BrandUpsertPayload.of(outcome, info.context, "brand")

    @refusing(CategoryUpsertPayload)
    async def category_upsert(
        self, info: Info, input: CategoryUpsertInput
    ) -> CategoryUpsertPayload:
        """Add, name and place categories by their codes, in any order; the same again changes nothing.

        Needs CATALOG_WRITE.
        """
        drafts = [row.draft() for row in input.categories]
        outcome = await category_tree.upsert(info.context, drafts, input.on_error, input.dry_run)
        return CategoryUpsertPayload.of(outcome, info.context, "category")

    @refusing(CatalogUpsertPayload)
    async def catalog_upsert(self, info: Info, input: CatalogUpsertInput) -> CatalogUpsertPayload:
        """Add or change products by their codes, up to 500 at once; the same again changes nothing.

        Variants that a row does not mention stay as they are. Needs CATALOG_WRITE.
        """
        outcome = await upsert.upsert(
            info.context,
            [row.draft() for row in input.products],
            input.on_error,
            input.dry_run,
        )
        return CatalogUpsertPayload.of(outcome, info.context, "product")
