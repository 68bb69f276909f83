"""Machines and client applications as clients see them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import strawberry

from models.accounts.channels import Channel
from models.accounts.clients import ApiClient as ApiClientRow
from models.accounts.clients import Storefront as StorefrontRow
from models.accounts.roles import Permission, Scope
from models.bounds import all_of
from resolvers.accounts.clients import lists as client_lists
from resolvers.accounts.organisations import organisations
from resolvers.context import Context
from schema.accounts.types import Organisation
from schema.batching import batched
from schema.cost.directives import sized_list
from schema.nodes.nodes import Node, global_id

if TYPE_CHECKING:
    pass


@strawberry.type(description="A machine that calls the API, such as an ERP.")
class ApiClient(Node):
    id: strawberry.ID
    name: str
    scopes: list[Scope] = sized_list(all_of(Permission))
    active: bool = strawberry.field(description="Off for good once it was revoked.")
    created_at: datetime = strawberry.field(description="When it was added.")
    last_used_at: datetime | None = strawberry.field(
        description="When it last asked for anything, to the minute; null when it never did."
    )
    row: strawberry.Private[ApiClientRow]

    @batched
    @staticmethod
    async def organisation(parents: list[ApiClient], ctx: Context) -> list[Organisation]:
        return await _organisations_of(parents, ctx)

    @classmethod
    def of(cls, row: ApiClientRow) -> ApiClient:
        return cls(
            id=global_id("ApiClient", row.id),
            name=row.name,
            scopes=[Scope(each) for each in row.scopes],
            active=row.active,
            created_at=row.created_at,
            last_used_at=row.last_used_at,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[ApiClient | None]:
        found = await client_lists.api_clients_by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


@strawberry.type(
    description="A client application; its publishable key goes into X-Storefront-Key."
)
class Storefront(Node):
    id: strawberry.ID
    name: str
    channel: Channel
    key: str
    active: bool
    code: str | None = strawberry.field(
        description="Your code of it, by which `storefrontUpsert` finds it; null where none was given."
    )
    row: strawberry.Private[StorefrontRow]

    @batched
    @staticmethod
    async def organisation(parents: list[Storefront], ctx: Context) -> list[Organisation]:
        return await _organisations_of(parents, ctx)

    @classmethod
    def of(cls, row: StorefrontRow) -> Storefront:
        return cls(
            id=global_id("Storefront", row.id),
            name=row.name,
            channel=row.channel,
            key=row.key,
            active=row.active,
            code=row.code,
            row=row,
        )

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Storefront | None]:
        found = await client_lists.storefronts_by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]


async def _organisations_of(parents: Sequence[Any], ctx: Context) -> list[Organisation]:
    found = await organisations.by_ids(ctx, [each.row.organisation_id for each in parents])
    return [Organisation.of(found[each.row.organisation_id]) for each in parents]
