from __future__ import annotations

import strawberry

from resolvers.catalog.prices import lists as price_lists
from resolvers.catalog.prices import setting as price_setting
from schema.batches import UpsertPayload, variants_of
from schema.catalog.price_inputs import PriceListUpsertInput, PriceSetInput
from schema.errors import refusing
from schema.info import Info


@strawberry.type
class PriceListUpsertPayload(UpsertPayload):
    pass


@strawberry.type
class PriceSetPayload(UpsertPayload):
    pass


@strawberry.type
class PriceMutations:
    @refusing(PriceListUpsertPayload)
    async def price_list_upsert(
        self, info: Info, input: PriceListUpsertInput
    ) -> PriceListUpsertPayload:
        """Add or change price lists by their codes; the same again changes nothing.

        Needs CATALOG_WRITE.
        """
        ctx = info.context
        drafts = [row.draft() for row in input.price_lists]
        outcome = await price_lists.upsert(ctx, drafts, input.on_error, input.dry_run)
        return PriceListUpsertPayload.of(outcome, ctx, "priceList")

    @refusing(PriceSetPayload)
    async def price_set(self, info: Info, input: PriceSetInput) -> PriceSetPayload:
        """Set prices by SKU and price list, up to 500 at once; each change stands in the history.

        Needs CATALOG_WRITE.
        """
        ctx = info.context
        outcome = await price_setting.set_prices(
            ctx,
            [row.draft() for row in input.rows],
            input.on_error,
            input.idempotency_key,
            input.dry_run,
        )
        return PriceSetPayload.naming(outcome, ctx, variants_of(input.rows))
