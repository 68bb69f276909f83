from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from datetime import datetime

import strawberry

from models.accounts.channels import Channel as ChannelKind
from models.accounts.sessions import Session as SessionRow
from models.bounds import SESSIONS
from resolvers.accounts import own_sessions
from resolvers.context import Context
from schema.accounts.types import Channel
from schema.cost.directives import sized_list
from schema.errors import UserError
from schema.nodes.nodes import Node, global_id


@strawberry.type(
    description="Somewhere that you are signed in. Nobody sees the sessions of others."
)
class Session(Node):
    id: strawberry.ID
    device: str | None = strawberry.field(
        description="What the client called itself (User-Agent) when it signed in."
    )
    channel: Channel = strawberry.field(description="The channel it signed in through.")
    current: bool = strawberry.field(description="Whether this request comes with it.")
    created_at: datetime = strawberry.field(description="When it was signed in.")
    last_seen_at: datetime = strawberry.field(
        description="When it last signed in or renewed its tokens, which clients do once an hour."
    )

    @classmethod
    def of(cls, row: SessionRow, ctx: Context) -> Session:
        return cls(
            id=global_id("Session", row.id),
            device=row.device,
            channel=row.channel or ChannelKind.PC,
            current=row.id == ctx.actor.session_id,
            created_at=row.created_at,
            last_seen_at=row.refreshed_at or row.created_at,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Session | None]:
        found = await own_sessions.by_ids(ctx, ids)
        return [cls.of(found[row_id], ctx) if row_id in found else None for row_id in ids]

    @classmethod
    async def of_caller(cls, ctx: Context) -> list[Session]:
        return [cls.of(row, ctx) for row in await own_sessions.of_caller(ctx)]


@strawberry.input(one_of=True, description="Exactly one of these.")
class SessionRevokeInput:
    session_id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="One of your own sessions."
    )
    all_others: strawberry.Maybe[bool] = strawberry.field(
        description="True: all your sessions but the one that asks."
    )
    staff_id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="All sessions of somebody whom you manage and who may do no more than you."
    )
    member_id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="All sessions of a member, for staff with MEMBER_CONTACT_READ."
    )


@strawberry.type
class SessionPayload:
    sessions: list[Session] = sized_list(
        SESSIONS, default_factory=list, description="Your own sessions that are open now."
    )
    user_errors: list[UserError] = field(default_factory=list)
