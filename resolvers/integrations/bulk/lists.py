"""Lists of bulk operations: the caller's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.queryset import QuerySet

from models.integrations.bulk import BulkKind, BulkOperation, BulkStatus
from resolvers.context import Context
from resolvers.integrations.bulk.operations import own
from resolvers.orm_pagination import Page, PageRequest, paginate
from resolvers.permissions import for_anyone
from resolvers.tallies import QueryTally


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkQuery:
    """What a list is cut to; what is None cuts nothing. `created_to` is exclusive."""

    kinds: Sequence[BulkKind] | None = None
    statuses: Sequence[BulkStatus] | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@for_anyone
async def page(ctx: Context, wanted: BulkQuery, request: PageRequest) -> Page[BulkOperation]:
    """The caller's own, newest first. Raises: InvalidInput."""
    return await paginate(_wanted(ctx, wanted), request, ["-id"], f"bulk operations {wanted}")


@for_anyone
async def tally(ctx: Context, wanted: BulkQuery) -> QueryTally[BulkOperation]:
    """The count of the whole list."""
    query = _wanted(ctx, wanted)
    return QueryTally(query, query)


def _wanted(ctx: Context, wanted: BulkQuery) -> QuerySet[BulkOperation]:
    columns = {
        "kind__in": wanted.kinds,
        "status__in": wanted.statuses,
        "created_at__gte": wanted.created_from,
        "created_at__lt": wanted.created_to,
    }
    return own(ctx).filter(**{name: value for name, value in columns.items() if value is not None})
