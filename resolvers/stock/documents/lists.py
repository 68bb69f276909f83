"""Lists of stock documents of one kind: filtered, in the caller's territory, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from models.text.codes import number_of
from resolvers.context import Context
from resolvers.orm_pagination import Page, PageRequest, paginate
from resolvers.permissions import requires_its_permission
from resolvers.sql_pagination import kept
from resolvers.stock.documents.kinds import D, DocumentKind
from resolvers.stock.documents.reading import visible
from resolvers.tallies import QueryTally


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """The conditions of a list; None is no condition. `created_to` is exclusive."""

    statuses: Sequence[StrEnum] | None = None
    location_id: int | None = None
    number: str | None = None
    supplier_code: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    source_id: int | None = None
    destination_id: int | None = None
    variant_id: int | None = None


@dataclass(frozen=True, slots=True)
class Listed(Generic[D]):
    """A page of a list, and the counts of the whole list."""

    page: Page[D]
    tally: QueryTally[D]


@requires_its_permission
async def listed(
    ctx: Context, kind: DocumentKind[D, Any], wanted: DocumentFilter, request: PageRequest
) -> Listed[D]:
    """Return a page of the documents in the caller's territory, the latest first.

    Raises: InvalidInput for an invalid size or cursor.
    """
    tally = tally_of(ctx, kind, wanted)
    page = await paginate(tally.query, request, ("-id",), f"{kind.name} {wanted}")
    return Listed(page, tally)


def tally_of(ctx: Context, kind: DocumentKind[D, Any], wanted: DocumentFilter) -> QueryTally[D]:
    """Return the counts of a list, whose `query` is the list itself."""
    any_status = replace(wanted, statuses=None)
    return QueryTally(_query(ctx, kind, wanted), _query(ctx, kind, any_status))


def _query(ctx: Context, kind: DocumentKind[D, Any], wanted: DocumentFilter) -> QuerySet[D]:
    equal = {
        "status__in": wanted.statuses,
        "number": None if wanted.number is None else number_of(wanted.number),
        "supplier__code": None if wanted.supplier_code is None else kept(wanted.supplier_code),
        "created_at__gte": wanted.created_from,
        "created_at__lt": wanted.created_to,
        "source_id": wanted.source_id,
        "destination_id": wanted.destination_id,
    }
    query = visible(ctx, kind, kind.model.filter(merchant_id=ctx.merchant_id))
    query = query.filter(**{name: value for name, value in equal.items() if value is not None})
    if wanted.location_id is not None:
        at: dict[str, Any] = dict.fromkeys(kind.location_columns, wanted.location_id)
        query = query.filter(Q(join_type="OR", **at))
    if wanted.variant_id is not None:
        having: QuerySet[Any] = kind.lines.filter(variant_id=wanted.variant_id)
        query = query.filter(id__in=Subquery(having.values(kind.line_parent)))
    return query
