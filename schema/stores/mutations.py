from __future__ import annotations

from dataclasses import field

import strawberry

from resolvers.batches import BatchOutcome
from resolvers.context import Context
from resolvers.stores import upsert
from schema.batches import RowResult, errors_of, row_results
from schema.errors import UserError, refusing
from schema.info import Info
from schema.stores.inputs import StoreUpsertInput


@strawberry.type
class StoreUpsertPayload:
    results: list[RowResult] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    user_errors: list[UserError] = field(default_factory=list)

    @classmethod
    def of(cls, outcome: BatchOutcome, ctx: Context) -> StoreUpsertPayload:
        return cls(
            results=row_results(outcome, ctx),
            created=outcome.created,
            updated=outcome.updated,
            user_errors=errors_of(outcome.refusals, ctx),
        )


@strawberry.type
class StoreMutations:
    @refusing(StoreUpsertPayload)
    async def store_upsert(self, info: Info, input: StoreUpsertInput) -> StoreUpsertPayload:
        """Add or change stores and warehouses by code, up to 500 at once; the same again changes nothing.

        Each has a node of its own in the organisation tree, on which roles can be granted.
        """
        outcome = await upsert.upsert(
            info.context, [row.draft() for row in input.stores], input.on_error, input.dry_run
        )
        return StoreUpsertPayload.of(outcome, info.context)
