"""Filters of lists of stock levels, as SQL on `levels.FROM`.

Filters and sorts that reveal more than the sellable quantity (health, sales, cover, value) restrict a list
to the locations where the caller may read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.accounts.roles import Permission
from models.database import any_of, array, marks
from models.stock.health import HEALTH, StockHealth
from models.stores.locations import Location
from resolvers.accounts.organisations.organisations import within_reach
from resolvers.context import Context
from resolvers.permissions import scoped, throughout
from resolvers.sql_pagination import NEVER, Conditions, kept
from resolvers.stock.level_goods import Goods, goods_of
from resolvers.stock.levels.levels import visible
from resolvers.stock.levels.sold_by_level import ANY_SOLD, since_days

_LOCATIONS = "SELECT o.id FROM location o JOIN organisation n ON n.id = o.organisation_id"
_READABLE = "locations where stock is readable"


class LevelSort(StrEnum):
    DISTANCE = "DISTANCE"
    UPDATED = "UPDATED"
    AVAILABLE_ASC = "AVAILABLE_ASC"
    AVAILABLE_DESC = "AVAILABLE_DESC"
    COVER_ASC = "COVER_ASC"
    VALUE_DESC = "VALUE_DESC"


_READ = {
    LevelSort.UPDATED: Permission.STOCK_READ,
    LevelSort.AVAILABLE_ASC: Permission.STOCK_READ,
    LevelSort.AVAILABLE_DESC: Permission.STOCK_READ,
    LevelSort.COVER_ASC: Permission.STOCK_READ,
    LevelSort.VALUE_DESC: Permission.STOCK_COST_READ,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelFilter:
    """The filter of a list; None does not restrict it.

    `unsold_days` selects levels without sales in that many days.
    """

    search: str | None = None
    variant_id: int | None = None
    location_id: int | None = None
    organisation_code: str | None = None
    category_code: str | None = None
    brand_code: str | None = None
    health: tuple[StockHealth, ...] | None = None
    unsold_days: int | None = None


EVERYTHING = LevelFilter()


def reads_all(wanted: LevelFilter, sort: LevelSort | None) -> bool:
    """Return whether the database may have to read all matching levels before the first row is known."""
    return sort in _READ or wanted.health is not None or wanted.unsold_days is not None


async def conditions_of(
    ctx: Context,
    wanted: LevelFilter,
    sort: LevelSort | None = None,
    *,
    goods_lead: bool = False,
    joined: bool = True,
) -> Conditions:
    """Return conditions for the merchant's levels that match the filter and that the caller may see.

    With `goods_lead` the goods of the filter are left out, because the order of the list contains them.
    Without `joined` the conditions refer to `stock_level l` alone. Locations are then looked up in a hash,
    which planners otherwise replace by a scan of all locations for each level.

    Raises: InvalidInput, NotFound for an organisation outside the caller's territory.
    """
    found, locations = Conditions(), await _locations_of(ctx, wanted)
    if joined:
        found.add(str(locations), *locations.values)
    else:
        found.add(f"(l.location_id IN ({_LOCATIONS} WHERE {locations})) IS TRUE", *locations.values)
    if wanted.health is not None or wanted.unsold_days is not None:
        await add_readable(ctx, Permission.STOCK_READ, found)
    if sort in _READ:
        await add_readable(ctx, _READ[sort], found)
    if wanted.variant_id is not None:
        found.add("l.variant_id = ?", wanted.variant_id)
    if wanted.location_id is not None:
        found.add("l.location_id = ?", wanted.location_id)
    goods = await goods_in(ctx, wanted)
    if goods and not goods_lead:
        goods.cut("l.variant_id", found)
    if wanted.health is not None:
        now = ctx.now()
        found.add(f"{HEALTH} IN ({marks(wanted.health)})", now, now, *map(str, wanted.health))
    if wanted.unsold_days is not None:
        since = since_days(ctx, wanted.unsold_days, "filter", "unsoldDays")
        found.add(f"l.created_at <= ? AND NOT {ANY_SOLD}", since, since)
    return found


async def _locations_of(ctx: Context, wanted: LevelFilter) -> Conditions:
    found = await visible(ctx)
    found.add("o.merchant_id = ?", ctx.merchant_id)
    if wanted.organisation_code is not None:
        code = kept(wanted.organisation_code)
        path = ("filter", "organisationCode")
        node = await within_reach(ctx, code, Permission.STOCK_READ, *path)
        found.add("SUBSTR(n.path, 1, ?) = ?", len(node.path), node.path)
    return found


async def add_readable(
    ctx: Context, permission: Permission, found: Conditions, column: str = "l.location_id"
) -> None:
    """Restrict to locations where the caller has `permission`, unless these are all of the merchant's."""
    if not throughout(ctx, permission):
        locations = await _locations_with(ctx, permission)
        found.add(*((any_of(column), array(locations)) if locations else (NEVER,)))


async def number_of_locations_with(ctx: Context, permission: Permission) -> int | None:
    """Return the number of locations where the caller has `permission`; None for all."""
    return None if throughout(ctx, permission) else len(await _locations_with(ctx, permission))


async def _locations_with(ctx: Context, permission: Permission) -> Sequence[int]:
    """Return the IDs of the locations where the caller has `permission`. Cached per request."""
    known = ctx.memory.setdefault(_READABLE, {})
    if permission not in known:
        query = scoped(Location.all(), ctx, permission, "organisation")
        known[permission] = await query.values_list("id", flat=True)
    found: Sequence[int] = known[permission]
    return found


async def goods_in(ctx: Context, wanted: LevelFilter) -> Goods | None:
    return await goods_of(ctx, wanted.search, wanted.category_code, wanted.brand_code)
