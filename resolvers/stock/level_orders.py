"""Orders of lists of stock levels, as SQL on `levels.FROM`."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.roles import Permission
from models.database import array, is_postgres
from models.stock.health import COVER_DAYS
from models.stock.sellable_sql import EFFECTIVE
from models.stores.coordinates import Point
from models.stores.distance import Ranked, nearest
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.sql_pagination import Conditions, Order
from resolvers.stock.level_filters import LevelFilter, LevelSort, add_readable, goods_in
from resolvers.stock.levels.levels import FROM
from resolvers.stock.levels.sold_by_level import since_days

# The cover of levels without sales, which sort last.
_NEVER = 2**62
FEW = 200
"""The largest number of variants whose levels are all sorted by distance.

For more variants, the first levels of each location are read.
"""


async def order_of(
    ctx: Context,
    wanted: LevelFilter,
    sort: LevelSort | None,
    locations: Sequence[Ranked[int]] | None = None,
) -> Order:
    """Return the order of a list. A list by distance contains the levels of `locations` only."""
    if sort is LevelSort.DISTANCE and locations is not None:
        goods = await goods_in(ctx, wanted)
        return _by_distance(locations, led=not goods or goods.ids is None or len(goods.ids) > FEW)
    if sort is LevelSort.UPDATED:
        changed = "CAST(EXTRACT(EPOCH FROM l.updated_at) * 1000000 AS BIGINT)"
        first, kind = (changed, int) if is_postgres() else ("l.updated_at", str)
        return Order((first, "l.id"), (kind, int), falling=True)
    if sort in (LevelSort.AVAILABLE_ASC, LevelSort.AVAILABLE_DESC):
        falling, now = sort is LevelSort.AVAILABLE_DESC, ctx.now()
        return Order((_whole(EFFECTIVE), "l.id"), (int, int), falling=falling, values=(now,))
    if sort is LevelSort.COVER_ASC:
        return _by_cover(ctx, await _sales_of(ctx, wanted))
    if sort is LevelSort.VALUE_DESC:
        source = "stock_level l LEFT JOIN stock_cost c ON c.level_id = l.id"
        value = _whole("COALESCE(c.value_minor, 0)")
        return Order((value, "l.id"), (int, int), falling=True, source=source)
    return Order(("l.id",), (int,))


def led_by_goods(variant_ids: Sequence[int]) -> Order:
    """Return the order by ID that starts from the levels of these variants."""
    lead = (
        "unnest(CAST(? AS BIGINT[])) AS goods(value)" if is_postgres() else "json_each(?) AS goods"
    )
    return Order(
        ("l.id",), (int,), values=(array(variant_ids),), lead=lead, led="l.variant_id = goods.value"
    )


async def _sales_of(ctx: Context, wanted: LevelFilter) -> Conditions:
    """Return conditions for the sales in COVER_DAYS that match the filter and that the caller may read."""
    found = Conditions()
    found.add("m.reason = 'SALE' AND m.created_at >= ?", since_days(ctx, COVER_DAYS, "days"))
    own = "(m.location_id IN (SELECT id FROM location WHERE merchant_id = ?)) IS TRUE"
    found.add(own, ctx.merchant_id)
    await add_readable(ctx, Permission.STOCK_READ, found, "m.location_id")
    if wanted.location_id is not None:
        found.add("m.location_id = ?", wanted.location_id)
    if wanted.variant_id is not None:
        found.add("m.variant_id = ?", wanted.variant_id)
    if goods := await goods_in(ctx, wanted):
        goods.cut("m.variant_id", found)
    return found


def _by_cover(ctx: Context, sales: Conditions) -> Order:
    """Return the order by cover. Sales are added up once, which is faster than for each level."""
    source = (
        "stock_level l LEFT JOIN (SELECT m.location_id, m.variant_id, SUM(m.quantity) AS quantity"
        f" FROM stock_movement m WHERE {sales} GROUP BY m.location_id, m.variant_id) AS sold"
        " ON sold.location_id = l.location_id AND sold.variant_id = l.variant_id"
    )
    cover = f"{_whole(EFFECTIVE)} * {COVER_DAYS} / {_whole('NULLIF(sold.quantity, 0)')}"
    columns = (f"COALESCE({cover}, {_NEVER})", "l.id")
    return Order(columns, (int, int), values=(ctx.now(), *sales.values), source=source)


def _by_distance(locations: Sequence[Ranked[int]], *, led: bool) -> Order:
    ids = array([location.key for location in locations])
    millimetres = array([round(location.distance_metres * 1000) for location in locations])
    far = (
        "unnest(CAST(? AS BIGINT[]), CAST(? AS BIGINT[])) AS far(id, millimetres)"
        if is_postgres()
        else "(SELECT a.value AS id, b.value AS millimetres FROM json_each(?) a"
        " JOIN json_each(?) b ON b.key = a.key) AS far"
    )
    columns, values = ("far.millimetres", "l.id"), (ids, millimetres)
    if led:
        return Order(columns, (int, int), values=values, lead=far, led="l.location_id = far.id")
    return Order(columns, (int, int), values=values, source=f"{FROM} JOIN {far} ON far.id = o.id")


def _whole(number: str) -> str:
    return f"CAST({number} AS BIGINT)"


async def locations_around(ctx: Context, near: Point | None) -> list[Ranked[int]]:
    """Return the merchant's locations that have a position, the nearest to `near` first.

    `near` defaults to the location of the request. Without either, the result is empty.
    """
    query = Location.filter(merchant_id=ctx.merchant_id, latitude_wgs84__isnull=False)
    rows = await query.values_list(
        "id", "code", "latitude_wgs84", "longitude_wgs84", "organisation_id"
    )
    here = [row for row in rows if row[-1] == ctx.store_node_id]
    if near is None and here:
        near = Point(here[0][2], here[0][3])
    if near is None or not rows:
        return []
    return nearest(near, [(row[0], row[1], row[2], row[3]) for row in rows], len(rows))
