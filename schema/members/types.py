from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated

import strawberry

from models.members.cards import CardKind, CardStatus
from models.members.cards import MemberCard as MemberCardRow
from models.members.members import Member as MemberRow
from models.members.members import Tier as TierRow
from models.qr import qr_svg
from resolvers.context import Context
from resolvers.members import cards, members, tiers, visibility
from resolvers.members.codes import IssuedCode
from resolvers.members.visibility import NAME_ONLY, SOMEBODY, Sight
from resolvers.orm_pagination import PageRequest
from resolvers.referrals import bindings
from resolvers.slices import Slice
from schema.accounts.types import Channel, Staff
from schema.batching import batched
from schema.cost.directives import sized_by
from schema.list_arguments import Skip, SliceSize
from schema.nodes.nodes import Node, global_id
from schema.stores.types import Store

if TYPE_CHECKING:
    from schema.orders.connections import OrderConnection
    from schema.orders.list_inputs import OrderFilter
    from schema.referrals.types import Referral

strawberry.enum(CardKind)
strawberry.enum(CardStatus)


@strawberry.type(description="A rank of members, and what it is worth.")
class Tier(Node):
    id: strawberry.ID
    code: str
    name: str
    level: int
    growth_required: int
    discount_percent: Decimal
    points_multiplier: Decimal

    @classmethod
    def of(cls, row: TierRow) -> Tier:
        return cls(
            id=global_id("Tier", row.id),
            code=row.code,
            name=row.name,
            level=row.level,
            growth_required=row.growth_required,
            discount_percent=Decimal(row.discount_percent),
            points_multiplier=Decimal(row.points_multiplier),
        )

    @classmethod
    async def find(cls, ctx: Context, ids: Sequence[int]) -> list[Tier | None]:
        found = await tiers.visible_by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Tier | None]:
        found = await tiers.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type(
    description="One customer, the same in every channel. Others see of them what they may: the rest is"
    " masked, or not there."
)
class Member(Node):
    id: strawberry.ID
    number: str
    joined_at: datetime
    joined_via: Channel
    row: strawberry.Private[MemberRow]
    floor: strawberry.Private[Sight]

    @batched
    @staticmethod
    async def name(parents: list[Member], ctx: Context) -> list[str]:
        seen = await _sights(parents, ctx)
        return [each.name_of(parent.row) for each, parent in zip(seen, parents, strict=True)]

    @batched
    @staticmethod
    async def phone(parents: list[Member], ctx: Context) -> list[str | None]:
        seen = await _sights(parents, ctx)
        return [each.phone_of(parent.row) for each, parent in zip(seen, parents, strict=True)]

    @batched
    @staticmethod
    async def tier(parents: list[Member], ctx: Context) -> list[Tier]:
        found = await tiers.by_ids(ctx, [each.row.tier_id for each in parents])
        return [Tier.of(found[each.row.tier_id]) for each in parents]

    @sized_by("first", otherwise=10)
    @batched
    @staticmethod
    async def cards(
        parents: list[Member], ctx: Context, first: SliceSize = 10, skip: Skip = 0
    ) -> list[list[MemberCard]]:
        """Its cards, those no longer good too, the latest first."""
        rows = await _with_records(parents, ctx)
        found = await cards.of_members(ctx, [row.id for row in rows if row], Slice(first, skip))
        return [[MemberCard.of(card) for card in found[row.id]] if row else [] for row in rows]

    @batched
    @staticmethod
    async def home_store(parents: list[Member], ctx: Context) -> list[Store | None]:
        """The store that this member's sales count for; null without one, and for whoever may not see it."""
        rows = await _with_records(parents, ctx)
        return await Store.load(ctx, [row.home_store_id or 0 if row else 0 for row in rows])

    @batched
    @staticmethod
    async def guide(parents: list[Member], ctx: Context) -> list[Staff | None]:
        rows = await _with_records(parents, ctx)
        return await Staff.load(ctx, [row.guide_id or 0 if row else 0 for row in rows])

    @batched
    @staticmethod
    async def referral(
        parents: list[Member], ctx: Context
    ) -> list[Annotated[Referral, strawberry.lazy("schema.referrals.types")]]:
        """Where the member stands in the referral tree, and what they earn by it."""
        from schema.referrals.types import Referral

        return await Referral.of_members(ctx, [each.row for each in parents])

    @batched
    @staticmethod
    async def orders(
        parents: list[Member],
        ctx: Context,
        *,
        filter: Annotated[OrderFilter, strawberry.lazy("schema.orders.list_inputs")] | None = None,
        first: int | None = 20,
        after: str | None = None,
    ) -> list[Annotated[OrderConnection, strawberry.lazy("schema.orders.connections")]]:
        """The member's orders, as far as you may see them, the latest first."""
        from resolvers.orders import member_orders
        from schema.orders.connections import OrderConnection
        from schema.orders.types import Order

        ids = [each.row.id for each in parents]
        wanted = filter.wanted() if filter else member_orders.EVERYTHING
        request = PageRequest(first=first, after=after)
        pages = await member_orders.pages(ctx, ids, request, wanted)
        tally = member_orders.tally(ctx, ids, wanted)
        return [OrderConnection.of(pages[row_id], Order.of, tally, row_id) for row_id in ids]

    @classmethod
    def of(cls, row: MemberRow, floor: Sight = SOMEBODY) -> Member:
        """`floor` is what is seen of the member by somebody who otherwise may see nothing."""
        return cls(
            id=global_id("Member", row.id),
            number=row.number,
            joined_at=row.created_at,
            joined_via=row.joined_via,
            row=row,
            floor=floor,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Member | None]:
        found = {row_id: cls.of(row) for row_id, row in (await members.by_ids(ctx, ids)).items()}
        above = await bindings.uplines_by_ids(ctx, [each for each in ids if each not in found])
        found |= {row_id: cls.of(row, NAME_ONLY) for row_id, row in above.items()}
        named = await members.named_by_ids(ctx, [each for each in ids if each not in found])
        found |= {row_id: cls.of(row, SOMEBODY) for row_id, row in named.items()}
        return [found.get(row_id) for row_id in ids]


@strawberry.type(description="A card that stands for its member at a till.")
class MemberCard(Node):
    id: strawberry.ID
    number: str
    kind: CardKind
    status: CardStatus
    issued_at: datetime
    row: strawberry.Private[MemberCardRow]

    @batched
    @staticmethod
    async def member(parents: list[MemberCard], ctx: Context) -> list[Member | None]:
        return await Member.load(ctx, [each.row.member_id or 0 for each in parents])

    @classmethod
    def of(cls, row: MemberCardRow) -> MemberCard:
        return cls(
            id=global_id("MemberCard", row.id),
            number=row.number,
            kind=row.kind,
            status=row.status,
            issued_at=row.created_at,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[MemberCard | None]:
        found = await cards.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type(description="Stands for the member at a till: for a minute, and once.")
class MemberCode:
    code: str
    refresh_at: datetime

    @strawberry.field(description="The same as a QR code, ready to stand in a page.")
    def qr_svg(self) -> str:
        return qr_svg(self.code)

    @classmethod
    def of(cls, issued: IssuedCode) -> MemberCode:
        return cls(code=issued.code, refresh_at=issued.refresh_at)


async def _sights(parents: Sequence[Member], ctx: Context) -> list[Sight]:
    found = await visibility.of_members(ctx, [each.row for each in parents])
    return [found.get(each.row.id, each.floor) for each in parents]


async def _with_records(parents: Sequence[Member], ctx: Context) -> list[MemberRow | None]:
    """The rows of those whose records the caller may see, None for the others."""
    seen = await _sights(parents, ctx)
    return [
        parent.row if each.records else None for each, parent in zip(seen, parents, strict=True)
    ]
