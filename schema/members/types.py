from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import strawberry

from models.members.members import Member as MemberRow
from resolvers.context import Context
from resolvers.members import members
from schema.accounts.types import Channel
from schema.nodes import Node, global_id


@strawberry.type
class Member(Node):
    id: strawberry.ID
    number: str
    name: str
    joined_at: datetime
    joined_via: Channel
    row: strawberry.Private[MemberRow]

    @classmethod
    def of(cls, row: MemberRow) -> Member:
        return cls(
            id=global_id("Member", row.id),
            number=row.number,
            name=row.name,
            joined_at=row.created_at,
            joined_via=row.joined_via,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Member | None]:
        found = await members.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]
