"""Lists of stock levels of a merchant, of locations and of variants, with their counts and sums."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from typing import Any

from models.accounts.roles import Permission
from models.database import any_of, array, fetch
from models.errors import InvalidInput
from models.read_consistency import up_to_date
from models.stock.sellable_sql import EFFECTIVE
from models.stores.coordinates import Point
from models.stores.distance import Ranked
from resolvers.context import Context
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import for_anyone
from resolvers.sql_pagination import Conditions, page_of_ids, pages_of_ids
from resolvers.stock.level_filters import (
    EVERYTHING,
    LevelFilter,
    LevelSort,
    add_readable,
    conditions_of,
    goods_in,
    reads_all,
)
from resolvers.stock.level_orders import led_by_goods, locations_around, order_of
from resolvers.stock.level_values import values_of_lists
from resolvers.stock.levels.levels import FROM, Level, read, visible
from resolvers.tallies import SqlTally
from resolvers.validation import INT32_MAX

_LEVELS = "stock_level l"
BY_LOCATION, BY_VARIANT = "l.location_id", "l.variant_id"


class ListAggregate(Enum):
    """An aggregate of a whole list."""

    COUNT = auto()
    SUMS = auto()


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the levels of a list where the caller may read stock, each at most INT32_MAX."""

    levels: int = 0
    on_hand: int = 0
    available: int = 0
    held: int = 0
    committed: int = 0
    incoming: int = 0


@dataclass(frozen=True, slots=True)
class LevelTally(SqlTally):
    """The counts and sums of lists of levels; `paid` is called before each aggregate, to charge for it."""

    ctx: Context = field(kw_only=True)
    paid: Callable[[ListAggregate], Awaitable[None]] | None = field(default=None, kw_only=True)

    async def totals(self, keys: Sequence[Any]) -> dict[Any, int]:
        await self._pay(ListAggregate.COUNT)
        return await SqlTally.totals(self, keys)

    async def _pay(self, aggregate: ListAggregate) -> None:
        if self.paid:
            await self.paid(aggregate)

    async def sums(self, keys: Sequence[Any]) -> dict[Any, Totals]:
        await self._pay(ListAggregate.SUMS)
        where = await self.conditions(True)
        await add_readable(self.ctx, Permission.STOCK_READ, where)
        if where.nothing:
            return dict.fromkeys(keys, Totals())
        rows = await fetch(_sums(self.table, self.by, where), self.ctx.now(), *where.values)
        found = {
            row.pop("parent"): {name: min(int(row[name]), INT32_MAX) for name in row}
            for row in rows
        }
        return {key: Totals(**found.get(key if self.by else None, {})) for key in keys}

    async def values(self, keys: Sequence[Any]) -> dict[Any, int | None]:
        """Return the values of the lists, in minor units; None without STOCK_COST_READ."""
        if Permission.STOCK_COST_READ not in self.ctx.actor.permissions:
            return dict.fromkeys(keys)
        await self._pay(ListAggregate.SUMS)
        where = await self.conditions(True)
        await add_readable(self.ctx, Permission.STOCK_COST_READ, where)
        found = await values_of_lists(where, self.by)
        return {key: found.get(key if self.by else None, 0) for key in keys}


@for_anyone
@up_to_date
async def page(
    ctx: Context,
    wanted: LevelFilter,
    request: PageRequest,
    sort: LevelSort | None = None,
    near: Point | None = None,
) -> Page[Level]:
    """Return a page of the merchant's levels, in order of creation unless sorted.

    Raises: InvalidInput, NotFound for an organisation outside the caller's territory.
    """
    locations = await _locations(ctx, sort, near)
    order, goods_lead = await order_of(ctx, wanted, sort, locations), False
    goods = None if sort or wanted.variant_id is not None else await goods_in(ctx, wanted)
    if goods and goods.ids:
        order, goods_lead = led_by_goods(goods.ids), True
    joined = not reads_all(wanted, sort)
    conditions = await conditions_of(ctx, wanted, sort, goods_lead=goods_lead, joined=joined)
    tie = f"levels {ctx.merchant_id} {sort} {near} {wanted}"
    found = await page_of_ids(FROM if joined else _LEVELS, conditions, order, request, tie)
    far = {location.key: location.distance_metres for location in locations}
    (levels,) = await _levels(ctx, [found], far)
    return levels


@for_anyone
@up_to_date
async def pages_at(
    ctx: Context,
    location_ids: Sequence[int],
    request: PageRequest,
    wanted: LevelFilter = EVERYTHING,
    sort: LevelSort | None = None,
) -> dict[int, Page[Level]]:
    """Return a page of levels for each location. Raises: the errors of `page`."""
    ids = sorted(set(location_ids))
    joined = not reads_all(wanted, sort)
    conditions = await conditions_of(ctx, wanted, sort, joined=joined)
    tie = f"levels at a place {sort} {wanted}"
    order = await order_of(ctx, wanted, sort)
    table = FROM if joined else _LEVELS
    found = await pages_of_ids(table, BY_LOCATION, ids, conditions, order, request, tie)
    levels = await _levels(ctx, list(found.values()), {})
    return dict(zip(found, levels, strict=True))


@for_anyone
async def tally(
    ctx: Context, wanted: LevelFilter, sort: LevelSort | None = None, near: Point | None = None
) -> LevelTally:
    """Return the counts and sums of the list of `page`."""

    async def conditions(_: bool) -> Conditions:
        found = await conditions_of(ctx, wanted, sort, joined=False)
        if sort is LevelSort.DISTANCE:
            locations = [location.key for location in await _locations(ctx, sort, near)]
            found.add(any_of(BY_LOCATION), array(locations))
        return found

    return LevelTally(_LEVELS, conditions, ctx=ctx)


def tally_at(
    ctx: Context,
    location_ids: Sequence[int],
    wanted: LevelFilter = EVERYTHING,
    sort: LevelSort | None = None,
) -> LevelTally:
    """Return the counts and sums of the lists of `pages_at`, by location."""

    async def conditions(_: bool) -> Conditions:
        found = await conditions_of(ctx, wanted, sort, joined=False)
        found.add(any_of(BY_LOCATION), array(set(location_ids)))
        return found

    return LevelTally(_LEVELS, conditions, BY_LOCATION, ctx=ctx)


def tally_of_variants(ctx: Context, variant_ids: Sequence[int], *, by_distance: bool) -> LevelTally:
    """Return the counts and sums of the lists of `by_variant`, by variant."""

    async def conditions(_: bool) -> Conditions:
        found = await visible(ctx)
        found.add(any_of(BY_VARIANT), array(set(variant_ids)))
        if by_distance:
            found.add("o.active AND o.latitude_wgs84 IS NOT NULL")
        return found

    return LevelTally(FROM, conditions, BY_VARIANT, ctx=ctx)


async def _locations(ctx: Context, sort: LevelSort | None, near: Point | None) -> list[Ranked[int]]:
    if sort is not LevelSort.DISTANCE:
        return []
    locations = await locations_around(ctx, near)
    if not locations and near is None:
        raise InvalidInput("To sort by distance, give a point.", path=("near",))
    return locations


async def _levels(
    ctx: Context, pages: Sequence[Page[int]], far: Mapping[int, float]
) -> list[Page[Level]]:
    """Read the levels of all pages in one statement."""
    asked = Conditions()
    ids = [row_id for page in pages for row_id in page.rows]
    asked.add(any_of("l.id"), array(ids))
    rows = {level.id: level for level in (await read(ctx, asked) if ids else ())}
    if far:
        rows = {
            key: level._replace(distance_metres=far[level.location_id])
            for key, level in rows.items()
        }
    return [replace(page, rows=[rows[row_id] for row_id in page.rows]) for page in pages]  # type: ignore[misc]


def _sums(table: str, by: str | None, where: Conditions) -> str:
    """Return the statement of the sums. Expired holds count as available."""
    columns = "l.available, l.held, l.committed, l.damaged, l.quarantined, l.incoming"
    return f"""
SELECT parent, COUNT(*) AS levels,
  SUM(available + held + committed + damaged + quarantined) AS on_hand, SUM(effective) AS available,
  SUM(held - (effective - available)) AS held, SUM(committed) AS committed, SUM(incoming) AS incoming
FROM (SELECT {by or "NULL"} AS parent, {columns}, {EFFECTIVE} AS effective
  FROM {table} WHERE {where}) AS listed
GROUP BY parent
"""
