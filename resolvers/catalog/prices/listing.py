"""The list of the merchant's price lists, for those who read the catalogue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from models.accounts.roles import Permission
from models.catalog.prices import PriceList, PriceListKind
from resolvers.catalog.scope import sees_unpublished
from resolvers.context import Context
from resolvers.orm_pagination import Page, PageRequest, paginate
from resolvers.permissions import requires
from resolvers.sql_pagination import kept
from resolvers.tallies import QueryTally
from resolvers.validation import text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceListQuery:
    """Lists of these kinds for what has this `key`, in force at a moment; what is None cuts nothing."""

    search: str | None = None
    kinds: Sequence[PriceListKind] | None = None
    key: str | None = None
    active: bool | None = None
    valid_at: datetime | None = None


@requires(Permission.CATALOG_READ)
async def page(ctx: Context, wanted: PriceListQuery, request: PageRequest) -> Page[PriceList]:
    """The price lists of the merchant, by code. Raises: InvalidInput."""
    tie = f"price lists {ctx.merchant_id} {wanted}"
    return await paginate(await _wanted(ctx, wanted), request, ["code", "id"], tie)


@requires(Permission.CATALOG_READ)
async def tally(ctx: Context, wanted: PriceListQuery) -> QueryTally[PriceList]:
    """The count of the whole list."""
    query = await _wanted(ctx, wanted)
    return QueryTally(query, query)


async def _wanted(ctx: Context, wanted: PriceListQuery) -> QuerySet[PriceList]:
    seen = await sees_unpublished(ctx, ctx.merchant_id)
    query = PriceList.filter(merchant_id=ctx.merchant_id if seen else None)
    if wanted.search is not None:
        text = text_of(wanted.search, ("filter", "search"), 100)
        query = query.filter(Q(name__icontains=text) | Q(code__icontains=text))
    if wanted.kinds is not None:
        query = query.filter(kind__in=wanted.kinds)
    if wanted.key is not None:
        query = query.filter(key=kept(wanted.key))
    if wanted.active is not None:
        query = query.filter(active=wanted.active)
    if wanted.valid_at is not None:
        ends = Q(valid_to__isnull=True) | Q(valid_to__gt=wanted.valid_at)
        query = query.filter(ends, valid_from__lte=wanted.valid_at)
    return query
