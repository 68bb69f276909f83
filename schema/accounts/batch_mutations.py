from __future__ import annotations

import strawberry

from resolvers.accounts.clients import storefront_upsert
from resolvers.accounts.staff import upsert as staff_upsert
from schema.accounts.batch_inputs import StaffUpsertInput, StorefrontUpsertInput
from schema.batches import BatchPayload
from schema.errors import refusing
from schema.info import Info


@strawberry.type
class AccountBatchMutations:
    @refusing(BatchPayload)
    async def storefront_upsert(self, info: Info, input: StorefrontUpsertInput) -> BatchPayload:
        """Add or change client applications by code, up to 500 at once; the same again changes nothing.

        Needs STOREFRONT_WRITE.
        """
        outcome = await storefront_upsert.upsert(
            info.context, [row.draft() for row in input.storefronts], input.on_error, input.dry_run
        )
        return BatchPayload.of(outcome, info.context, "storefront")

    @refusing(BatchPayload)
    async def staff_upsert(self, info: Info, input: StaffUpsertInput) -> BatchPayload:
        """Add or change staff by username, up to 100 at once; the same again changes nothing.

        A new one has no password: send an invitation, or set one by `staffUpdate`. Needs STAFF_WRITE.
        """
        outcome = await staff_upsert.upsert(
            info.context, [row.row() for row in input.staff], input.on_error, input.dry_run
        )
        return BatchPayload.of(outcome, info.context, "staff")
