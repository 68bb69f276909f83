"""The variants to which brand, category and search restrict a list of stock levels, looked up in advance.

Without this, a planner reads levels in the order of the list until enough match, and reads all levels if few
do. With few variants known in advance, the statement starts from them.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.database import any_of, array, records
from resolvers.catalog.scope import ON_SALE, sees_unpublished
from resolvers.catalog.search.filters import in_classes
from resolvers.catalog.search.searching import search_of
from resolvers.context import Context
from resolvers.sql_pagination import NEVER, Conditions

LED_BY_GOODS = 5_000
"""The largest number of variants from which a statement starts; for more, levels are read in order."""
_GOODS = "variants of goods"
_VARIANTS = "SELECT v.id FROM variant v JOIN product p ON p.id = v.product_id WHERE "


class Goods:
    """The variants that match: their IDs, or a subquery if there are too many."""

    def __init__(self, ids: Sequence[int] | None, wanted: Conditions) -> None:
        self.ids = ids
        self.wanted = wanted

    def cut(self, column: str, found: Conditions) -> None:
        """Restrict `column` to these variants. IS TRUE makes the planner look the subquery up in a hash."""
        if self.ids is None:
            found.add(f"({column} IN ({_VARIANTS}{self.wanted})) IS TRUE", *self.wanted.values)
        elif self.ids:
            found.add(any_of(column), array(self.ids))
        else:
            found.add(NEVER)


async def goods_of(
    ctx: Context, search: str | None, category_code: str | None, brand_code: str | None
) -> Goods | None:
    """Return the variants that match; None without criteria. Cached per request. Raises: InvalidInput."""
    asked = (search, category_code, brand_code)
    if not any(each is not None for each in asked):
        return None
    known = ctx.memory.setdefault(_GOODS, {})
    if asked not in known:
        known[asked] = await _looked_up(ctx, *asked)
    found: Goods | None = known[asked]
    return found


async def _looked_up(
    ctx: Context, search: str | None, category_code: str | None, brand_code: str | None
) -> Goods | None:
    wanted = in_classes(ctx.merchant_id, category_code, brand_code)
    if words := await search_of(ctx, search):
        hits, values = words.hits()
        wanted.add("p.merchant_id = ?", ctx.merchant_id)
        wanted.add(f"p.id IN ({hits})", *values)
        confirmed = words.confirmed()
        wanted.sql += confirmed.sql
        wanted.values += confirmed.values
    if not wanted.sql:
        return None
    if not await sees_unpublished(ctx, ctx.merchant_id):
        wanted.add(ON_SALE, str(ctx.channel))
    rows = await records(f"{_VARIANTS}{wanted} LIMIT {LED_BY_GOODS + 1}", *wanted.values)
    return Goods([row[0] for row in rows] if len(rows) <= LED_BY_GOODS else None, wanted)
