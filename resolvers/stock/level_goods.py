"""The variants that a list of stock levels is cut to by brand, category and search, looked up before it.

A planner that walks the levels in the order of the list until some belong to these goods reads all of them
where there are few such goods, or none. Looked up first, they lead the statement instead.
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
"""So many variants lead a statement; the levels of more are found by walking through all in order."""
_GOODS = "variants of goods"
_VARIANTS = "SELECT v.id FROM variant v JOIN product p ON p.id = v.product_id WHERE "


class Goods:
    """The variants that are wanted: their IDs, or where there are too many a subquery of them."""

    def __init__(self, ids: Sequence[int] | None, wanted: Conditions) -> None:
        self.ids = ids
        self.wanted = wanted

    def cut(self, column: str, found: Conditions) -> None:
        """Cut to these variants. What IS TRUE stays a look-up in a hash, in whatever plan."""
        if self.ids is None:
            found.add(f"({column} IN ({_VARIANTS}{self.wanted})) IS TRUE", *self.wanted.values)
        elif self.ids:
            found.add(any_of(column), array(self.ids))
        else:
            found.add(NEVER)


async def goods_of(
    ctx: Context, search: str | None, category_code: str | None, brand_code: str | None
) -> Goods | None:
    """None where nothing of it is given; looked up once a request. Raises: InvalidInput."""
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
