"""The referral tree as members see it, and what it earns them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import strawberry

from models.errors import PermissionDenied
from models.members.members import Member as MemberRow
from models.referrals.bindings import ReferralBinding
from models.referrals.rules import PayeeKind
from resolvers.context import Context
from resolvers.members.visibility import NAME_ONLY, SOMEBODY, Sight
from resolvers.orm_pagination import PageRequest
from resolvers.referrals import bindings as referrals_bindings
from resolvers.referrals import earnings, sales, teams, trees
from resolvers.referrals.earnings import CommissionQuery
from resolvers.referrals.teams import Downline
from resolvers.slices import Slice
from schema.batching import batched
from schema.cost.directives import sized_by
from schema.list_arguments import WHICH, Skip, SliceSize
from schema.members.types import Member
from schema.money import Money
from schema.pagination import PageInfo, TalliedConnection
from schema.referrals.commission_types import Commission, CommissionBalance, CommissionFilter


@strawberry.type
class DownlineEdge:
    node: Member
    cursor: str
    level: int

    @batched
    @staticmethod
    async def sales(parents: list[DownlineEdge], ctx: Context) -> list[Money]:
        """What this member's paid orders brought, less refunds."""
        found = await sales.of_members([each.node.row.id for each in parents])
        return [Money.of(found.get(each.node.row.id, 0)) for each in parents]


@strawberry.type
class DownlineConnection:
    edges: list[DownlineEdge]
    page_info: PageInfo
    root_id: strawberry.Private[int]
    depth: strawberry.Private[int]

    @batched
    @staticmethod
    async def total_count(parents: list[DownlineConnection], ctx: Context) -> list[int]:
        depth = parents[0].depth  # the same for all parents of one field
        found = await teams.counts(ctx, [each.root_id for each in parents], depth)
        return [found.get(each.root_id, 0) for each in parents]

    @classmethod
    def of(
        cls, root_id: int, depth: int, page: Downline, rows: dict[int, MemberRow]
    ) -> DownlineConnection:
        edges = [
            DownlineEdge(node=Member.of(rows[member_id], SOMEBODY), cursor=cursor, level=level)
            for (level, member_id), cursor in zip(page.rows, page.cursors, strict=True)
        ]
        return cls(
            edges=edges,
            page_info=PageInfo.of(page),
            root_id=root_id,
            depth=depth,
        )


@strawberry.type(description="Everybody at one level below, and what they brought.")
class TeamLevel:
    level: int
    members: int
    orders: int = strawberry.field(
        description="Paid orders of these members; one that was cancelled after payment does not count."
    )
    sales: Money
    commission: Money

    @classmethod
    def of(cls, level: teams.TeamLevel) -> TeamLevel:
        return cls(
            level=level.level,
            members=level.members,
            orders=level.orders,
            sales=Money.of(level.sales_minor),
            commission=Money.of(level.commission_minor),
        )


@strawberry.type(description="Where a member stands in the referral tree.")
class Referral:
    token: str = strawberry.field(description="What a link or QR code of the member carries.")
    bound_at: datetime | None
    bound_through: str | None = strawberry.field(
        description="What was opened: a link's target, or MEMBER for a member's own token."
    )
    distributor: bool = strawberry.field(description="Whether the member earns commissions.")
    upline_id: strawberry.Private[int | None]
    member_id: strawberry.Private[int]

    @batched
    @staticmethod
    async def upline(parents: list[Referral], ctx: Context) -> list[Member | None]:
        found = await _members([each.upline_id for each in parents if each.upline_id], NAME_ONLY)
        return [found.get(each.upline_id or 0) for each in parents]

    @batched
    @staticmethod
    async def depth(parents: list[Referral], ctx: Context) -> list[int]:
        """How many stand above; 0 at the root."""
        found = await trees.depths_of(ctx, _ids(parents))
        return [found.get(each.member_id, 0) for each in parents]

    @sized_by("first", otherwise=20)
    @batched
    @staticmethod
    async def ancestors(
        parents: list[Referral], ctx: Context, first: SliceSize = 20, skip: Skip = 0
    ) -> list[list[Member]]:
        """Those above, the nearest first."""
        chains = await trees.above(ctx, _ids(parents), Slice(first, skip))
        found = await _members({each for chain in chains.values() for each in chain}, NAME_ONLY)
        return [[found[above] for above in chains[each.member_id]] for each in parents]

    @batched
    @staticmethod
    async def downline(
        parents: list[Referral],
        ctx: Context,
        *,
        depth: int = 1,
        first: int | None = 20,
        after: str | None = None,
    ) -> list[DownlineConnection]:
        """Everybody at most `depth` levels below, level by level; names and phones are masked."""
        request = PageRequest(first=first, after=after)
        pages = await teams.downlines(ctx, _ids(parents), depth, request)
        rows = await referrals_bindings.rows_by_ids(
            [member_id for page in pages.values() for _, member_id in page.rows]
        )
        return [
            DownlineConnection.of(each.member_id, depth, pages[each.member_id], rows)
            for each in parents
        ]

    @sized_by("first", otherwise=20)
    @batched
    @staticmethod
    async def team(
        parents: list[Referral], ctx: Context, first: SliceSize = 20, skip: Skip = 0
    ) -> list[list[TeamLevel]]:
        """Everybody below, one row a level, the nearest level first."""
        found = await teams.teams(ctx, _ids(parents), Slice(first, skip))
        return [[TeamLevel.of(level) for level in found[each.member_id]] for each in parents]

    @batched
    @staticmethod
    async def commissions(
        parents: list[Referral],
        ctx: Context,
        *,
        filter: Annotated[CommissionFilter | None, WHICH] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> list[TalliedConnection[Commission]]:
        """What the member has earned, the latest first."""
        keys, wanted = _keys(parents), filter.query() if filter else CommissionQuery()
        request = PageRequest(first=first, after=after, last=last, before=before)
        pages = await earnings.pages(ctx, keys, wanted, request)
        tally = earnings.tally(ctx, keys, wanted)
        return [
            TalliedConnection.of(pages[key], lambda row: Commission.of(row, ctx), tally, key)
            for key in keys
        ]

    @batched
    @staticmethod
    async def balance(parents: list[Referral], ctx: Context) -> list[CommissionBalance]:
        found = await earnings.balances(ctx, _keys(parents))
        return [CommissionBalance.of(found[key]) for key in _keys(parents)]

    @classmethod
    async def of_members(cls, ctx: Context, rows: Sequence[MemberRow]) -> list[Any]:
        """Each member's referral; for one that the caller may not see the refusal in its place."""
        bindings = await referrals_bindings.bindings_of(ctx, rows)
        return [
            binding if isinstance(binding, PermissionDenied) else cls.of(row, binding)
            for row, binding in zip(rows, bindings, strict=True)
        ]

    @classmethod
    def of(cls, row: MemberRow, binding: ReferralBinding | None) -> Referral:
        return cls(
            token=row.referral_token,
            bound_at=binding.created_at if binding else None,
            bound_through=binding.through if binding else None,
            distributor=row.distributor,
            upline_id=binding.upline_id if binding else None,
            member_id=row.id,
        )


def _ids(parents: Sequence[Referral]) -> list[int]:
    return [each.member_id for each in parents]


def _keys(parents: Sequence[Referral]) -> list[str]:
    return [f"{PayeeKind.MEMBER}:{each.member_id}" for each in parents]


async def _members(ids: Any, floor: Sight) -> dict[int, Member]:
    rows = await referrals_bindings.rows_by_ids(list(ids))
    return {row_id: Member.of(row, floor) for row_id, row in rows.items()}
