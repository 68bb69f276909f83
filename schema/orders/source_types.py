"""Where a sale came from."""

from __future__ import annotations

import strawberry

from models.orders.orders import Order as OrderRow
from resolvers.context import Context
from schema.accounts.client_types import Storefront
from schema.accounts.types import Channel
from schema.batching import batched
from schema.orders.loading import optional_nodes
from schema.referrals.share_types import ShareLink


@strawberry.type(description="Where a sale came from.")
class SaleSource:
    channel: Channel = strawberry.field(description="The channel that it was placed through.")
    row: strawberry.Private[OrderRow]

    @batched
    @staticmethod
    async def storefront(parents: list[SaleSource], ctx: Context) -> list[Storefront | None]:
        """The client application; null for one that you do not manage."""
        return await optional_nodes(Storefront, ctx, [each.row.storefront_id for each in parents])

    @batched
    @staticmethod
    async def share_link(parents: list[SaleSource], ctx: Context) -> list[ShareLink | None]:
        """The link that brought the customer; null for one that you may not see."""
        return await optional_nodes(ShareLink, ctx, [each.row.share_link_id for each in parents])
