from __future__ import annotations

import strawberry

from models.bounds import TIERS
from resolvers.members import members, tiers
from resolvers.orm_pagination import PageRequest
from schema.cost.directives import list_size
from schema.info import Info
from schema.members.inputs import MemberFilter
from schema.members.types import Member, Tier
from schema.nodes.nodes import optional_row_id
from schema.pagination import TalliedConnection


@strawberry.type
class MemberQueries:
    @strawberry.field
    async def me(self, info: Info) -> Member | None:
        """The signed-in member."""
        row = await members.me(info.context)
        return Member.of(row) if row else None

    @strawberry.field
    async def member(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        number: str | None = None,
        card_number: str | None = None,
    ) -> Member | None:
        """The member with this ID, number or card; null for one whom you may not see."""
        member_id = optional_row_id(id, "Member")
        row = await members.find(info.context, member_id, number, card_number)
        return Member.of(row) if row else None

    @strawberry.field
    async def members(
        self,
        info: Info,
        filter: MemberFilter | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> TalliedConnection[Member]:
        """The members of your territory, the latest first."""
        wanted = (filter or MemberFilter()).query()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await members.page(info.context, wanted, request)
        tally = await members.tally(info.context, wanted)
        return TalliedConnection.of(page, Member.of, tally)

    @list_size(TIERS)
    @strawberry.field
    async def tiers(self, info: Info) -> list[Tier]:
        """The merchant's tiers, lowest first."""
        return [Tier.of(row) for row in await tiers.of_merchant(info.context)]
