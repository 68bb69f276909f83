"""One list of stock documents of all kinds, the latest first.

One statement reads at most a page of each kind, and the pages are merged. The order is that of
`(created_at, kind, id)`, all descending. It is unique over the tables, so a cursor separates any two rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tortoise.expressions import Q

from resolvers.context import Context
from resolvers.orm_pagination import Page, PageRequest, not_ours
from resolvers.permissions import for_anyone, refuse_without
from resolvers.sql_pagination import checked_key, cursors_of, page_from
from resolvers.stock.documents.kinds import KINDS, DocumentKind, StockDocument, kind_of
from resolvers.stock.documents.lists import DocumentFilter, tally_of
from resolvers.tallies import QueryTally, Statuses

Kind = DocumentKind[Any, Any]
Key = tuple[datetime, str, int]
# A cursor counts microseconds, which is as exact as the column.
_EPOCH, _TICK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyDocumentFilter:
    """The filter of a list over several kinds; None does not restrict it.

    `statuses` are names, of which each kind has some. `is_open` is whether the status permits any action.
    """

    kinds: Sequence[str] | None = None
    statuses: Sequence[str] | None = None
    is_open: bool | None = None
    location_id: int | None = None
    variant_id: int | None = None
    number: str | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None

    def of_kind(self, kind: Kind) -> DocumentFilter:
        """Return the filter for one kind. Statuses of other kinds match no document."""
        chosen = None
        if self.statuses is not None or self.is_open is not None:
            chosen = [
                each
                for each in kind.statuses
                if (self.statuses is None or each in self.statuses)
                and (self.is_open is None or (each in kind.transitions) == self.is_open)
            ]
        return DocumentFilter(
            statuses=chosen,
            location_id=self.location_id,
            variant_id=self.variant_id,
            number=self.number,
            created_from=self.created_from,
            created_to=self.created_to,
        )


@dataclass(frozen=True, slots=True)
class KindsTally:
    """The counts of a list over several kinds: one statement for each kind."""

    tallies: Mapping[str, QueryTally[Any]]

    async def totals(self, keys: Sequence[Any]) -> dict[Any, int]:
        return dict.fromkeys(keys, sum((await self._counts()).values()))

    async def statuses(self, keys: Sequence[Any]) -> dict[Any, Statuses]:
        """Return the counts by status, added up over the kinds."""
        counts: dict[str, int] = {}
        for tally in self.tallies.values():
            for status, n in (await tally.statuses([None]))[None]:
                counts[status] = counts.get(status, 0) + n
        return dict.fromkeys(keys, sorted(counts.items()))

    async def kinds(self, keys: Sequence[Any]) -> dict[Any, list[tuple[str, int]]]:
        """Return the number of documents of each kind that has any."""
        found = [(name, n) for name, n in (await self._counts()).items() if n]
        return dict.fromkeys(keys, found)

    async def _counts(self) -> dict[str, int]:
        return {name: (await each.totals([None]))[None] for name, each in self.tallies.items()}


@for_anyone
async def listed(
    ctx: Context, wanted: AnyDocumentFilter, request: PageRequest
) -> tuple[Page[StockDocument], KindsTally]:
    """Return a page of the documents that the caller may see, and the counts of the whole list.

    Kinds that the caller may not read are left out.

    Raises: NotSignedIn, PermissionDenied if no kind remains; InvalidInput for an invalid size or cursor.
    """
    kinds = _readable(ctx, wanted.kinds)
    tie = f"stock documents {wanted}"
    bounds = list(_bounds(request, tie))
    tallies = {kind.name: tally_of(ctx, kind, wanted.of_kind(kind)) for kind in kinds}
    direction = "" if request.backward else "-"
    rows: list[StockDocument] = []
    for kind in kinds:
        query = tallies[kind.name].query
        for key, falling in bounds:
            query = query.filter(_beyond(kind, key, falling=falling))
        query = query.order_by(f"{direction}created_at", f"{direction}id")
        rows += await query.limit(request.size + 1)
    rows.sort(key=_key, reverse=not request.backward)
    keys = [[(each.created_at - _EPOCH) // _TICK, *_key(each)[1:]] for each in rows]
    return page_from(rows, keys, request, tie), KindsTally(tallies)


def _readable(ctx: Context, names: Sequence[str] | None) -> list[Kind]:
    asked = [each for each in KINDS if names is None or each.name in names]
    found = [each for each in asked if each.permission in ctx.actor.permissions]
    if not found:
        refuse_without(ctx, (asked or KINDS)[0].permission)
    return found


def _key(document: StockDocument) -> Key:
    return document.created_at, kind_of(document).name, document.id


def _bounds(request: PageRequest, tie: str) -> list[tuple[Key, bool]]:
    """Return the keys of the request's cursors, and whether the rows wanted have lower keys."""
    return [
        (_cursor_key(cursor, tie, argument), falling)
        for argument, cursor, falling in cursors_of(request)
    ]


def _cursor_key(cursor: str, tie: str, argument: str) -> Key:
    """Return the key in a cursor. Raises: InvalidInput for a cursor of another list."""
    ticks, name, row_id = checked_key(cursor, tie, (int, str, int), argument)
    try:
        return _EPOCH + ticks * _TICK, name, row_id
    except OverflowError:
        raise not_ours(argument) from None


def _beyond(kind: Kind, key: Key, *, falling: bool) -> Q:
    """Return the condition for the rows of a kind whose keys are lower (or higher) than a key."""
    created_at, name, row_id = key
    sign = "lt" if falling else "gt"
    tied: dict[str, Any] = {"created_at": created_at, f"id__{sign}": row_id}
    beyond: dict[str, Any] = {f"created_at__{sign}": created_at}
    if kind.name == name:
        return Q(**beyond) | Q(**tied)
    if (kind.name < name) == falling:
        beyond = {f"created_at__{sign}e": created_at}
    return Q(**beyond)
