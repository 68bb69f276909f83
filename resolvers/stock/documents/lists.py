"""Filtered lists of stock documents, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from models.stock.documents.purchases import PurchaseOrder, PurchaseOrderLine
from models.stock.documents.transfers import Transfer, TransferLine
from models.tables.fields import Row
from models.text.codes import number_of
from resolvers.orm_pagination import Page, PageRequest, paginate
from resolvers.sql_pagination import kept
from resolvers.tallies import QueryTally

D = TypeVar("D", bound=Row)

# Documents that can be filtered by variant: the table of lines, and its column of the document.
_LINES: dict[type[Row], tuple[type[Row], str]] = {
    Transfer: (TransferLine, "transfer_id"),
    PurchaseOrder: (PurchaseOrderLine, "purchase_order_id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """The filter of a list; None does not restrict it. `created_to` is exclusive."""

    statuses: Sequence[StrEnum] | None = None
    location_id: int | None = None
    number: str | None = None
    supplier_code: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    source_id: int | None = None
    destination_id: int | None = None
    variant_id: int | None = None


async def page_of(
    visible: QuerySet[D],
    location_columns: Sequence[str],
    wanted: DocumentFilter,
    request: PageRequest,
) -> Page[D]:
    """Return a page of the `visible` documents that match the filter.

    `location_columns` name the columns that refer to a location.

    Raises: InvalidInput for an invalid size or cursor.
    """
    return await paginate(
        _cut(visible, location_columns, wanted),
        request,
        ("-id",),
        f"{visible.model.__name__} {wanted}",
    )


def tally_of(
    visible: QuerySet[D], location_columns: Sequence[str], wanted: DocumentFilter
) -> QueryTally[D]:
    """Return the counts of the whole list."""
    any_status = replace(wanted, statuses=None)
    return QueryTally(
        _cut(visible, location_columns, wanted), _cut(visible, location_columns, any_status)
    )


def _cut(
    visible: QuerySet[D], location_columns: Sequence[str], wanted: DocumentFilter
) -> QuerySet[D]:
    equal = {
        "status__in": wanted.statuses,
        "number": None if wanted.number is None else number_of(wanted.number),
        "supplier__code": _kept(wanted.supplier_code),
        "created_at__gte": wanted.created_from,
        "created_at__lt": wanted.created_to,
        "source_id": wanted.source_id,
        "destination_id": wanted.destination_id,
    }
    query = visible.filter(**{name: value for name, value in equal.items() if value is not None})
    if wanted.location_id is not None:
        at: dict[str, Any] = dict.fromkeys(location_columns, wanted.location_id)
        query = query.filter(Q(join_type="OR", **at))
    if wanted.variant_id is not None:
        lines, document = _LINES[visible.model]
        having = lines.filter(variant_id=wanted.variant_id)
        query = query.filter(id__in=Subquery(having.values(document)))
    return query


def _kept(text: str | None) -> str | None:
    return None if text is None else kept(text)
