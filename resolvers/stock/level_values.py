"""What the levels of lists are worth together.

To the fen, as `costs.valuation` says it of each of them, while few movements are still to be counted. While
there are many, each level has the value that was counted last, and the worker catches up.
"""

from __future__ import annotations

from itertools import groupby
from typing import Any

from models.database import fetch
from resolvers.sql_pagination import Conditions
from resolvers.stock.costs.costs import COLUMNS, UNSETTLED, counted
from resolvers.stock.levels.levels import FROM

_UNCOUNTED, _COUNTED = range(2)
MOST_UNCOUNTED = 2_000


async def values_of_lists(where: Conditions, by: str | None) -> dict[Any, int]:
    """The worth of the levels of `levels.FROM` that meet `where`, by a column of them, in one statement.

    Levels without a cost are worth nothing. Without a column everything stands under None.
    """
    rows = await fetch(_statement(where, by), *where.values)
    if sum(row["part"] == _UNCOUNTED for row in rows) > MOST_UNCOUNTED:
        rows = await fetch(_counted_last(where, by), *where.values)
    found: dict[Any, int] = {}
    for row in rows:
        if row["part"] == _COUNTED:
            found[row["parent"]] = found.get(row["parent"], 0) + row["value_minor"]
    uncounted = [row for row in rows if row["part"] == _UNCOUNTED]
    for (parent, _), group in groupby(uncounted, key=lambda row: (row["parent"], row["id"])):
        value = counted(list(group))[0].value_minor
        found[parent] = found.get(parent, 0) + value
    return found


def _statement(where: Conditions, by: str | None) -> str:
    """One statement, so that all of it sees the same moment: levels still to count, and all others."""
    nothing, no_movement = ", ".join(["NULL"] * 4), ", ".join(["NULL"] * 8)
    return f"""
WITH listed AS (SELECT l.id, {by or "NULL"} AS parent FROM {FROM} WHERE {where})
SELECT * FROM (
  SELECT {_UNCOUNTED} AS part, listed.parent AS parent, {COLUMNS} {UNSETTLED}
  JOIN listed ON listed.id = level.id WHERE level.version <> cost.level_version
  LIMIT {MOST_UNCOUNTED + 1}
) AS uncounted
UNION ALL
SELECT {_COUNTED}, listed.parent, {nothing}, 0, CAST(COALESCE(SUM(cost.value_minor), 0) AS BIGINT),
  {no_movement}
FROM stock_cost AS cost JOIN stock_level AS level ON level.id = cost.level_id
JOIN listed ON listed.id = level.id WHERE level.version = cost.level_version
GROUP BY listed.parent
ORDER BY part, parent, id, movement_id
"""


def _counted_last(where: Conditions, by: str | None) -> str:
    return f"""
SELECT {_COUNTED} AS part, {by or "NULL"} AS parent,
  CAST(COALESCE(SUM(cost.value_minor), 0) AS BIGINT) AS value_minor
FROM {FROM} JOIN stock_cost AS cost ON cost.level_id = l.id WHERE {where} GROUP BY 2
"""
