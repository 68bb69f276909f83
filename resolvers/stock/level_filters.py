"""What lists of stock levels are cut to and how they are sorted, as SQL on `levels.FROM`.

Whatever tells of more than what may be sold (health, sales, cover, value) cuts a list to the places where
the caller may read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.accounts.roles import Permission
from models.database import any_of, array, is_postgres, marks
from models.stock.health import COVER_DAYS, HEALTH, StockHealth
from models.stock.sellable_sql import EFFECTIVE
from models.stores.coordinates import Point
from models.stores.distance import Ranked, nearest
from models.stores.locations import Location
from resolvers.accounts.organisations.organisations import within_reach
from resolvers.catalog.search.filters import in_classes
from resolvers.catalog.search.searching import search_of
from resolvers.context import ActorKind, Context
from resolvers.permissions import scoped
from resolvers.sql_pagination import Conditions, Order, kept
from resolvers.stock.levels.levels import FROM, visible
from resolvers.stock.levels.sold_at_places import ANY_SOLD, since_days

# What is never sold out comes last.
_NEVER = 2**62
_PLACES = "places where stock is read"


class LevelSort(StrEnum):
    DISTANCE = "DISTANCE"
    UPDATED = "UPDATED"
    AVAILABLE_ASC = "AVAILABLE_ASC"
    AVAILABLE_DESC = "AVAILABLE_DESC"
    COVER_ASC = "COVER_ASC"
    VALUE_DESC = "VALUE_DESC"


_READ = {
    LevelSort.AVAILABLE_ASC: Permission.STOCK_READ,
    LevelSort.AVAILABLE_DESC: Permission.STOCK_READ,
    LevelSort.COVER_ASC: Permission.STOCK_READ,
    LevelSort.VALUE_DESC: Permission.STOCK_COST_READ,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFilter:
    """Which levels; what is None cuts nothing. `unsold_days`: nothing was sold in so many days."""

    search: str | None = None
    variant_id: int | None = None
    location_id: int | None = None
    organisation_code: str | None = None
    category_code: str | None = None
    brand_code: str | None = None
    health: tuple[StockHealth, ...] | None = None
    unsold_days: int | None = None


EVERYTHING = LevelFilter()


async def conditions_of(
    ctx: Context, wanted: LevelFilter, sort: LevelSort | None = None
) -> Conditions:
    """The merchant's levels that are wanted and that the caller may see.

    Raises: InvalidInput, NotFound for an organisation outside the caller's territory.
    """
    found = await visible(ctx)
    found.add("o.merchant_id = ?", ctx.merchant_id)
    if wanted.health is not None or wanted.unsold_days is not None:
        await add_readable(ctx, Permission.STOCK_READ, found)
    if sort in _READ:
        await add_readable(ctx, _READ[sort], found)
    if wanted.variant_id is not None:
        found.add("l.variant_id = ?", wanted.variant_id)
    if wanted.location_id is not None:
        found.add("l.location_id = ?", wanted.location_id)
    if wanted.organisation_code is not None:
        code = kept(wanted.organisation_code)
        node = await within_reach(ctx, code, Permission.STOCK_READ, "organisationCode")
        found.add("SUBSTR(n.path, 1, ?) = ?", len(node.path), node.path)
    await _add_goods(ctx, wanted, found)
    if wanted.health is not None:
        now = ctx.now()
        found.add(f"{HEALTH} IN ({marks(wanted.health)})", now, now, *map(str, wanted.health))
    if wanted.unsold_days is not None:
        since = since_days(ctx, wanted.unsold_days, "filter", "unsoldDays")
        found.add(f"l.created_at <= ? AND NOT {ANY_SOLD}", since, since)
    return found


async def add_readable(ctx: Context, permission: Permission, found: Conditions) -> None:
    """Cut to the places where the caller holds `permission`; looked up once a request."""
    whole = any(
        permission in grant.permissions and grant.organisation_id == ctx.merchant_id
        for grant in ctx.actor.grants
    )
    if whole or ctx.actor.kind is ActorKind.SYSTEM:
        return
    known = ctx.memory.setdefault(_PLACES, {})
    if permission not in known:
        query = scoped(Location.all(), ctx, permission, "organisation")
        known[permission] = await query.values_list("id", flat=True)
    found.add(any_of("l.location_id"), array(known[permission]))


async def _add_goods(ctx: Context, wanted: LevelFilter, found: Conditions) -> None:
    asked = in_classes(ctx.merchant_id, wanted.category_code, wanted.brand_code)
    if search := await search_of(ctx, wanted.search):
        hits = search.otherwise_sorted()
        asked.add("p.merchant_id = ?", ctx.merchant_id)
        asked.add(str(hits), *hits.values)
    if asked.sql:
        found.add(
            "l.variant_id IN (SELECT v.id FROM variant v JOIN product p ON p.id = v.product_id"
            f" WHERE {asked})",
            *asked.values,
        )


def order_of(ctx: Context, sort: LevelSort | None, places: Sequence[Ranked[int]] = ()) -> Order:
    """`places` are those of a list by distance, with how far they are; others are left out of it."""
    if sort is LevelSort.DISTANCE and places:
        return _by_distance(places)
    if sort is LevelSort.UPDATED:
        changed = "CAST(EXTRACT(EPOCH FROM l.updated_at) * 1000000 AS BIGINT)"
        first, kind = (changed, int) if is_postgres() else ("l.updated_at", str)
        return Order((first, "l.id"), (kind, int), falling=True)
    if sort in (LevelSort.AVAILABLE_ASC, LevelSort.AVAILABLE_DESC):
        falling, now = sort is LevelSort.AVAILABLE_DESC, ctx.now()
        return Order((_whole(EFFECTIVE), "l.id"), (int, int), falling=falling, values=(now,))
    if sort is LevelSort.COVER_ASC:
        return _by_cover(ctx)
    if sort is LevelSort.VALUE_DESC:
        source = f"{FROM} LEFT JOIN stock_cost c ON c.level_id = l.id"
        value = _whole("COALESCE(c.value_minor, 0)")
        return Order((value, "l.id"), (int, int), falling=True, source=source)
    return Order(("l.id",), (int,))


def _by_cover(ctx: Context) -> Order:
    """All sales of the days are added up once, which is faster than level by level."""
    source = (
        f"{FROM} LEFT JOIN (SELECT m.location_id, m.variant_id, SUM(m.quantity) AS pieces"
        " FROM stock_movement m WHERE m.reason = 'SALE' AND m.created_at >= ?"
        " GROUP BY m.location_id, m.variant_id) AS sold"
        " ON sold.location_id = l.location_id AND sold.variant_id = l.variant_id"
    )
    cover = f"{_whole(EFFECTIVE)} * {COVER_DAYS} / {_whole('NULLIF(sold.pieces, 0)')}"
    columns = (f"COALESCE({cover}, {_NEVER})", "l.id")
    values = (ctx.now(), since_days(ctx, COVER_DAYS, "days"))
    return Order(columns, (int, int), values=values, source=source)


def _by_distance(places: Sequence[Ranked[int]]) -> Order:
    ids = array([place.key for place in places])
    millimetres = array([round(place.distance_metres * 1000) for place in places])
    far = (
        "unnest(CAST(? AS BIGINT[]), CAST(? AS BIGINT[])) AS far(id, millimetres)"
        if is_postgres()
        else "(SELECT a.value AS id, b.value AS millimetres FROM json_each(?) a"
        " JOIN json_each(?) b ON b.key = a.key) AS far"
    )
    source = f"{FROM} JOIN {far} ON far.id = o.id"
    return Order(("far.millimetres", "l.id"), (int, int), values=(ids, millimetres), source=source)


def _whole(number: str) -> str:
    return f"CAST({number} AS BIGINT)"


async def places_around(ctx: Context, near: Point | None) -> list[Ranked[int]]:
    """The merchant's places that have a position, the nearest to `near` first.

    Without a point they are measured from the place that the request comes from; none where it has none.
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
