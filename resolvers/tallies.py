"""What is said of a whole list beside a page of it: how many rows, how many of each status, their sums.

Nothing is counted unless it is asked for; then it is one statement, however many lists were cut together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from tortoise.functions import Count, Sum
from tortoise.models import Model
from tortoise.queryset import QuerySet

from models.database import fetch
from resolvers.sql_pagination import Conditions

M = TypeVar("M", bound=Model)
Statuses = list[tuple[str, int]]


class Tally(Protocol):
    """Counts of lists, each told from the others by its key."""

    async def totals(self, keys: Sequence[Any]) -> dict[Any, int]: ...
    async def statuses(self, keys: Sequence[Any]) -> dict[Any, Statuses]: ...


@dataclass(frozen=True, slots=True)
class QueryTally(Generic[M]):
    """Counts of what pages were cut from.

    `any_status` is the query without its filter by status. Several lists of one query are told apart by the
    column `by`; without it there is one list, whatever its key.
    """

    query: QuerySet[M]
    any_status: QuerySet[M]
    by: str | None = None

    async def totals(self, keys: Sequence[Any]) -> dict[Any, int]:
        if self.by is None:
            return dict.fromkeys(keys, await self.query.count())
        rows = await self._grouped(self.query, [self.by], n=Count("id"))
        return dict.fromkeys(keys, 0) | {row[self.by]: row["n"] for row in rows}

    async def statuses(self, keys: Sequence[Any]) -> dict[Any, Statuses]:
        columns = ["status"] if self.by is None else [self.by, "status"]
        rows = await self._grouped(self.any_status, columns, n=Count("id"))
        return {
            key: sorted((str(row["status"]), row["n"]) for row in self._of(rows, key))
            for key in keys
        }

    async def sums(self, columns: Sequence[str], keys: Sequence[Any]) -> dict[Any, list[int]]:
        """The sum of each column, in their order; 0 where there are no rows."""
        wanted = {f"sum_{column}": Sum(column) for column in columns}
        rows = await self._grouped(self.query, [] if self.by is None else [self.by], **wanted)
        return {
            key: [sum(int(row[name] or 0) for row in self._of(rows, key)) for name in wanted]
            for key in keys
        }

    def _of(self, rows: Sequence[Mapping[str, Any]], key: Any) -> list[Mapping[str, Any]]:
        return [row for row in rows if self.by is None or row[self.by] == key]

    @staticmethod
    async def _grouped(
        query: QuerySet[M], columns: Sequence[str], **wanted: Any
    ) -> Sequence[Mapping[str, Any]]:
        counted = query.annotate(**wanted)
        grouped = counted.group_by(*columns) if columns else counted
        return await grouped.values(*columns, *wanted)


@dataclass(frozen=True, slots=True)
class SqlTally:
    """The same of plain SQL; `conditions` are those of the lists, or those without their statuses.

    `table` is as in `"fulfilment f"`; the column `by` is as in `QueryTally`.
    """

    table: str
    conditions: Callable[[bool], Awaitable[Conditions]]
    by: str | None = None

    async def totals(self, keys: Sequence[Any]) -> dict[Any, int]:
        where = await self.conditions(True)
        if where.nothing:
            return dict.fromkeys(keys, 0)
        if self.by is None:
            counted = f"SELECT COUNT(*) AS n FROM {self.table} WHERE {where}"
            rows = await fetch(counted, *where.values)
            return dict.fromkeys(keys, rows[0]["n"])
        rows = await fetch(
            f"SELECT {self.by} AS parent, COUNT(*) AS n FROM {self.table} WHERE {where}"
            f" GROUP BY {self.by}",
            *where.values,
        )
        return dict.fromkeys(keys, 0) | {row["parent"]: row["n"] for row in rows}

    async def statuses(self, keys: Sequence[Any]) -> dict[Any, Statuses]:
        where = await self.conditions(False)
        rows = await fetch(
            f"SELECT status, {self.by or 'NULL'} AS parent, COUNT(*) AS n FROM {self.table}"
            f" WHERE {where} GROUP BY status{f', {self.by}' if self.by else ''} ORDER BY status",
            *where.values,
        )
        return {
            key: [(row["status"], row["n"]) for row in rows if row["parent"] in (None, key)]
            for key in keys
        }
