"""The total value of lists of levels.

It equals the sum of the values of `costs.valuation` while few movements are unsettled. While there are more
than MOST_UNCOUNTED, it is the sum of the last settled values, until the worker has settled the rest.
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
    """Return the total value of the levels that meet `where`, in minor units, by the column `by`.

    Levels without a cost count as 0. Without a column the only key is None.
    """
    rows = await fetch(_statement(where, by), *where.values)
    if sum(row["kind"] == _UNCOUNTED for row in rows) > MOST_UNCOUNTED:
        rows = await fetch(_counted_last(where, by), *where.values)
    found: dict[Any, int] = {}
    for row in rows:
        if row["kind"] == _COUNTED:
            found[row["parent"]] = found.get(row["parent"], 0) + row["value_minor"]
    uncounted = [row for row in rows if row["kind"] == _UNCOUNTED]
    for (parent, _), group in groupby(uncounted, key=lambda row: (row["parent"], row["id"])):
        value = counted(list(group))[0].value_minor
        found[parent] = found.get(parent, 0) + value
    return found


def _statement(where: Conditions, by: str | None) -> str:
    """Return one statement that reads unsettled and settled levels in one snapshot."""
    nothing, no_movement = ", ".join(["NULL"] * 4), ", ".join(["NULL"] * 8)
    return f"""
WITH listed AS (SELECT l.id, {by or "NULL"} AS parent FROM {FROM} WHERE {where})
SELECT * FROM (
  SELECT {_UNCOUNTED} AS kind, listed.parent AS parent, {COLUMNS} {UNSETTLED}
  JOIN listed ON listed.id = level.id WHERE level.version <> cost.level_version
  LIMIT {MOST_UNCOUNTED + 1}
) AS uncounted
UNION ALL
SELECT {_COUNTED}, listed.parent, {nothing}, 0, CAST(COALESCE(SUM(cost.value_minor), 0) AS BIGINT),
  {no_movement}
FROM stock_cost AS cost JOIN stock_level AS level ON level.id = cost.level_id
JOIN listed ON listed.id = level.id WHERE level.version = cost.level_version
GROUP BY listed.parent
ORDER BY kind, parent, id, movement_id
"""


def _counted_last(where: Conditions, by: str | None) -> str:
    return f"""
SELECT {_COUNTED} AS kind, {by or "NULL"} AS parent,
  CAST(COALESCE(SUM(cost.value_minor), 0) AS BIGINT) AS value_minor
FROM {FROM} JOIN stock_cost AS cost ON cost.level_id = l.id WHERE {where} GROUP BY 2
"""
