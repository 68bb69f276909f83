from __future__ import annotations

import strawberry

from resolvers.stores import upsert
from schema.batches import UpsertPayload
from schema.errors import refusing
from schema.info import Info
from schema.stores.inputs import StoreUpsertInput


@strawberry.type
class StoreUpsertPayload(UpsertPayload):
    pass


@strawberry.type
class StoreMutations:
    @refusing(StoreUpsertPayload)
    async def store_upsert(self, info: Info, input: StoreUpsertInput) -> StoreUpsertPayload:
        """Add or change stores and warehouses by code, up to 500 at once; the same again changes nothing.

        Each has a node of its own in the organisation tree, on which roles can be granted.
        Needs STORE_WRITE; to move one below another node also ORGANISATION_WRITE at both places.
        """
        outcome = await upsert.upsert(
            info.context, [row.draft() for row in input.stores], input.on_error, input.dry_run
        )
        return StoreUpsertPayload.of(outcome, info.context, "store", "warehouse")
