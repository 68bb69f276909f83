"""Lists of stock documents: cut to what is asked for, the latest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from models.codes import number_of
from models.fields import Row
from resolvers.keyset import kept
from resolvers.paging import Page, PageRequest, paginate

D = TypeVar("D", bound=Row)


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentFilter:
    """What a list is cut to; what is None cuts nothing. `created_to` is exclusive."""

    statuses: Sequence[StrEnum] | None = None
    location_id: int | None = None
    number: str | None = None
    supplier_code: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


async def page_of(
    visible: QuerySet[D], places: Sequence[str], wanted: DocumentFilter, request: PageRequest
) -> Page[D]:
    """Those of the `visible` documents that are wanted; `places` are the columns that name a location.

    Raises: InvalidInput for a size or cursor that makes no sense.
    """
    equal = {
        "status__in": wanted.statuses,
        "number": None if wanted.number is None else number_of(wanted.number),
        "supplier__code": _kept(wanted.supplier_code),
        "created_at__gte": wanted.created_from,
        "created_at__lt": wanted.created_to,
    }
    query = visible.filter(**{name: value for name, value in equal.items() if value is not None})
    if wanted.location_id is not None:
        at: dict[str, Any] = dict.fromkeys(places, wanted.location_id)
        query = query.filter(Q(join_type="OR", **at))
    return await paginate(query, request, ("-id",), f"{visible.model.__name__} {wanted}")


def _kept(text: str | None) -> str | None:
    return None if text is None else kept(text)
