"""Lists of machines and client applications: those that the caller manages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from models.accounts.channels import Channel
from models.accounts.clients import ApiClient, Storefront
from models.accounts.roles import Permission
from resolvers.accounts.organisations.organisations import within_reach
from resolvers.context import ActorKind, Context
from resolvers.orm_pagination import Page, PageRequest, paginate
from resolvers.permissions import for_anyone, requires, scoped
from resolvers.sql_pagination import kept
from resolvers.validation import text_of

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiClientQuery:
    """Machines at or below a node, whose name contains `search`; what is None cuts nothing."""

    search: str | None = None
    organisation_code: str | None = None
    active: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StorefrontQuery:
    """Client applications at or below a node, whose name or code contains `search`."""

    search: str | None = None
    channels: Sequence[Channel] | None = None
    organisation_code: str | None = None
    active: bool | None = None


@requires(Permission.API_CLIENT_WRITE)
async def api_client_page(
    ctx: Context, wanted: ApiClientQuery, request: PageRequest
) -> Page[ApiClient]:
    """A page of the clients that the caller manages, those that were revoked too, by name.

    Raises: InvalidInput, NotFound for a node outside the caller's territory.
    """
    query = await _wanted_api_clients(ctx, wanted)
    return await paginate(query, request, ("name", "id"), f"apiClients {wanted}")


@requires(Permission.API_CLIENT_WRITE)
async def count_api_clients(ctx: Context, wanted: ApiClientQuery) -> int:
    return await (await _wanted_api_clients(ctx, wanted)).count()


@for_anyone
async def api_clients_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, ApiClient]:
    """The clients that the caller manages, and the caller itself."""
    found = {client.id: client for client in await _api_clients(ctx).filter(id__in=ids)}
    if ctx.actor.kind is ActorKind.API_CLIENT and ctx.actor.id in ids:
        found[ctx.actor.id] = await ApiClient.get(id=ctx.actor.id)
    return found


@requires(Permission.STOREFRONT_WRITE)
async def storefront_page(
    ctx: Context, wanted: StorefrontQuery, request: PageRequest
) -> Page[Storefront]:
    """A page of the client applications that the caller manages, those switched off too, by name.

    Raises: InvalidInput, NotFound for a node outside the caller's territory.
    """
    query = await _wanted_storefronts(ctx, wanted)
    return await paginate(query, request, ("name", "id"), f"storefronts {wanted}")


@requires(Permission.STOREFRONT_WRITE)
async def count_storefronts(ctx: Context, wanted: StorefrontQuery) -> int:
    return await (await _wanted_storefronts(ctx, wanted)).count()


@for_anyone
async def storefronts_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Storefront]:
    """The client applications that the caller manages."""
    return {row.id: row for row in await _storefronts(ctx).filter(id__in=ids)}


def _api_clients(ctx: Context) -> QuerySet[ApiClient]:
    return scoped(ApiClient.all(), ctx, Permission.API_CLIENT_WRITE, "organisation")


def _storefronts(ctx: Context) -> QuerySet[Storefront]:
    return scoped(Storefront.all(), ctx, Permission.STOREFRONT_WRITE, "organisation")


async def _wanted_api_clients(ctx: Context, wanted: ApiClientQuery) -> QuerySet[ApiClient]:
    code, permission = wanted.organisation_code, Permission.API_CLIENT_WRITE
    query = await _below(ctx, _api_clients(ctx), code, permission)
    if wanted.active is not None:
        query = query.filter(active=wanted.active)
    if wanted.search is not None:
        query = query.filter(name__icontains=text_of(wanted.search, ("filter", "search"), 100))
    return query


async def _wanted_storefronts(ctx: Context, wanted: StorefrontQuery) -> QuerySet[Storefront]:
    code, permission = wanted.organisation_code, Permission.STOREFRONT_WRITE
    query = await _below(ctx, _storefronts(ctx), code, permission)
    if wanted.active is not None:
        query = query.filter(active=wanted.active)
    if wanted.channels is not None:
        query = query.filter(channel__in=wanted.channels)
    if wanted.search is not None:
        text = text_of(wanted.search, ("filter", "search"), 100)
        query = query.filter(Q(name__icontains=text) | Q(code__icontains=text))
    return query


async def _below(
    ctx: Context, query: QuerySet[M], code: str | None, permission: Permission
) -> QuerySet[M]:
    """Cut to the node with this code and those below it."""
    if code is None:
        return query
    node = await within_reach(ctx, kept(code), permission, "filter", "organisationCode")
    return query.filter(organisation__path__startswith=node.path)
