from __future__ import annotations

from collections.abc import Sequence

import strawberry

from models.qr import qr_svg
from models.referrals.rules import ShareTarget
from models.referrals.share_links import ShareLink as ShareLinkRow
from resolvers.context import Context
from resolvers.members.visibility import NAME_ONLY
from resolvers.referrals import bindings, share_links
from schema.accounts.types import Staff
from schema.actors import Actor
from schema.batching import batched
from schema.catalog.types import Product
from schema.members.types import Member
from schema.nodes.nodes import Node, global_id
from schema.stores.types import Store

strawberry.enum(ShareTarget)


@strawberry.type(
    description="A short token that remembers who shared what, where. Opening it is counted."
)
class ShareLink(Node):
    id: strawberry.ID
    token: str
    target: ShareTarget
    url: str
    opens: int
    orders: int
    row: strawberry.Private[ShareLinkRow]

    @strawberry.field(description="The link as a QR code, ready to stand in a page.")
    def qr_svg(self) -> str:
        return qr_svg(self.url)

    @batched
    @staticmethod
    async def product(parents: list[ShareLink], ctx: Context) -> list[Product | None]:
        return await Product.load(ctx, [each.row.product_id or 0 for each in parents])

    @batched
    @staticmethod
    async def store(parents: list[ShareLink], ctx: Context) -> list[Store | None]:
        """The store that is shared, or that the sharer works for."""
        return await Store.load(ctx, [each.row.store_id or 0 for each in parents])

    @batched
    @staticmethod
    async def shared_by(parents: list[ShareLink], ctx: Context) -> list[Actor | None]:
        """Who shared it: their name, and nothing else about a member."""
        members = await bindings.rows_by_ids(
            [each.row.member_id for each in parents if each.row.member_id]
        )
        staff = await Staff.load(ctx, [each.row.staff_id or 0 for each in parents])
        return [
            Member.of(members[each.row.member_id], NAME_ONLY) if each.row.member_id else person
            for each, person in zip(parents, staff, strict=True)
        ]

    @classmethod
    def of(cls, row: ShareLinkRow, ctx: Context) -> ShareLink:
        return cls(
            id=global_id("ShareLink", row.id),
            token=row.token,
            target=row.target,
            url=f"{ctx.settings.link_url}/s/{row.token}",
            opens=row.opens,
            orders=row.orders,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[ShareLink | None]:
        found = await share_links.by_ids(ctx, ids)
        return [cls.of(found[row_id], ctx) if row_id in found else None for row_id in ids]
