from __future__ import annotations

import strawberry

from resolvers.catalog import upsert
from schema.batches import UpsertPayload
from schema.catalog.inputs import CatalogUpsertInput
from schema.errors import refusing
from schema.info import Info


@strawberry.type
class CatalogUpsertPayload(UpsertPayload):
    pass


@strawberry.type
class CatalogMutations:
    @refusing(CatalogUpsertPayload)
    async def catalog_upsert(self, info: Info, input: CatalogUpsertInput) -> CatalogUpsertPayload:
        """Add or change products by their codes, up to 500 at once; the same again changes nothing.

        Variants that a row does not mention stay as they are.
        """
        outcome = await upsert.upsert(
            info.context,
            [row.draft() for row in input.products],
            input.on_error,
            input.dry_run,
        )
        return CatalogUpsertPayload.of(outcome, info.context)
