from __future__ import annotations

from dataclasses import field

import strawberry

from resolvers.batches import BatchOutcome
from resolvers.catalog import upsert
from resolvers.context import Context
from schema.batches import RowResult, errors_of, row_results
from schema.catalog.inputs import CatalogUpsertInput
from schema.errors import UserError, refusing
from schema.info import Info


@strawberry.type
class CatalogUpsertPayload:
    results: list[RowResult] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    user_errors: list[UserError] = field(default_factory=list)

    @classmethod
    def of(cls, outcome: BatchOutcome, ctx: Context) -> CatalogUpsertPayload:
        return cls(
            results=row_results(outcome, ctx),
            created=outcome.created,
            updated=outcome.updated,
            user_errors=errors_of(outcome.refusals, ctx),
        )


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
