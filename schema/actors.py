"""Whoever can act: the union that histories and viewers answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from models.accounts.roles import Permission
from models.bounds import GRANTS, SESSIONS, all_of
from resolvers.accounts.organisations import organisations
from resolvers.context import Context
from resolvers.stores import workplaces
from schema.accounts.client_types import ApiClient
from schema.accounts.session_types import Session
from schema.accounts.types import Channel, Organisation, Staff
from schema.batching import batched
from schema.cost.directives import list_size, sized_list
from schema.members.types import Member
from schema.nodes.nodes import Node
from schema.stores.types import Store

if TYPE_CHECKING:
    from schema.orders.checkout.cart_types import Cart

Actor = Annotated[Member | Staff | ApiClient, strawberry.union("Actor")]
KINDS: dict[str, type[Node]] = {"MEMBER": Member, "STAFF": Staff, "API_CLIENT": ApiClient}


@strawberry.type(description="Who is asking, and what they may do.")
class Viewer:
    channel: Channel
    permissions: list[Permission] = sized_list(all_of(Permission))
    lacks_second_factor: bool = strawberry.field(
        description="Whether your roles ask for a second factor: until it is set you may do nothing else."
    )

    @batched
    @staticmethod
    async def actor(parents: list[Viewer], ctx: Context) -> list[Actor | None]:
        return await actors(ctx, [(ctx.actor.kind, ctx.actor.id)] * len(parents))

    @batched
    @staticmethod
    async def store(parents: list[Viewer], ctx: Context) -> list[Store | None]:
        """The store that the request comes from, such as a tablet's; else the one at which you work."""
        store_id = await workplaces.of_caller(ctx)
        return await Store.load(ctx, [store_id or 0] * len(parents))

    @list_size(GRANTS)
    @batched
    @staticmethod
    async def organisations(parents: list[Viewer], ctx: Context) -> list[list[Organisation]]:
        nodes = [Organisation.of(row) for row in await organisations.of_actor(ctx)]
        return [nodes] * len(parents)

    @list_size(SESSIONS)
    @batched
    @staticmethod
    async def sessions(parents: list[Viewer], ctx: Context) -> list[list[Session]]:
        """Where you are signed in, the latest first, at most 100."""
        return [await Session.of_caller(ctx)] * len(parents)

    @batched
    @staticmethod
    async def cart(
        parents: list[Viewer], ctx: Context
    ) -> list[Annotated[Cart, strawberry.lazy("schema.orders.checkout.cart_types")] | None]:
        """Your one open cart as a member or guest, on whatever device; empty until cartCreate."""
        from resolvers.orders.cart import carts
        from schema.orders.checkout.cart_types import Cart

        return [Cart.optional(await carts.own(ctx))] * len(parents)

    @classmethod
    def of(cls, ctx: Context) -> Viewer:
        return cls(
            channel=ctx.channel,
            permissions=sorted(ctx.actor.permissions),
            lacks_second_factor=ctx.actor.lacks_second_factor,
        )


async def actors(ctx: Context, keys: Sequence[tuple[str, int | None]]) -> list[Any]:
    """The members, staff and API clients with these (kind, ID) keys; None for anybody else."""
    found: dict[tuple[str, int | None], Any] = {}
    for kind, node in KINDS.items():
        ids = sorted({row_id for each, row_id in keys if each == kind and row_id is not None})
        if ids:
            found.update(
                zip(((kind, row_id) for row_id in ids), await node.load(ctx, ids), strict=True)
            )
    return [found.get((str(kind), row_id)) for kind, row_id in keys]
