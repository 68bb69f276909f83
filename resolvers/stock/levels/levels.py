"""Stock levels as the caller may see them: all states with STOCK_READ, else the sellable quantity only.

Expired holds count as available, whether or not the worker has released them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

from models.accounts.roles import Permission
from models.database import any_of, array, records
from models.stock.rules import Quantities, public_quantities, sellable
from models.stock.sellable_sql import EFFECTIVE
from models.stores.locations import Location
from models.tables.columns import Moment
from resolvers.context import ActorKind, Context
from resolvers.permissions import for_anyone, may, scoped
from resolvers.sql_pagination import Conditions

WHERE_IT_IS = (
    "JOIN location o ON o.id = l.location_id JOIN organisation n ON n.id = o.organisation_id"
)
FROM = f"stock_level l {WHERE_IT_IS}"
_COLUMNS = (
    "l.id, l.variant_id, l.location_id, l.available, l.held, l.committed, l.damaged, l.quarantined,"
    " l.incoming, l.safety_stock, l.version, l.updated_at, n.path"
)
# Positions of columns in a row, which begins with the effective quantity.
_HELD, _INCOMING, _PATH = 5, 9, 13
_UNMEASURED: tuple[Any, ...] = (None, True)  # distance_metres, whole
_SHOWN = itemgetter(0, 1, 2, 3, 10, 11, 12)  # the columns of a public level


class Level(NamedTuple):
    """A level as the caller may see it; `whole` if the caller may read stock at its location.

    `distance_metres` is set in lists ordered by distance.
    """

    id: int
    variant_id: int
    location_id: int
    quantities: Quantities
    incoming: int
    safety_stock: int
    version: int
    updated_at: Moment
    distance_metres: float | None = None
    whole: bool = False


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Level]:
    """Return those of the levels that the caller may see."""
    conditions = await visible(ctx)
    conditions.add(any_of("l.id"), array(ids))
    return {level.id: level for level in await read(ctx, conditions)}


@for_anyone
async def findable_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Level]:
    """Return those of the levels that belong to the merchant of the request or to one of the caller's."""
    conditions = await visible(ctx)
    conditions.add(any_of("l.id"), array(ids))
    merchants = {grant.merchant_id for grant in ctx.actor.grants}
    if ctx.actor.kind is not ActorKind.SYSTEM and None not in merchants:
        own = sorted(each for each in {*merchants, ctx.merchant_id} if each is not None)
        conditions.add(any_of("o.merchant_id"), array(own))
    return {level.id: level for level in await read(ctx, conditions)}


async def unseen_rows(ctx: Context, ids: Sequence[int]) -> Sequence[Any]:
    """Return rows of levels independent of a caller; `seen` restricts them to what a caller may see."""
    return await rows_of(
        ctx,
        lambda columns: f"SELECT {columns}, o.active FROM {FROM} WHERE {any_of('l.id')}",
        [array(ids)],
    )


def seen(ctx: Context, rows: Sequence[Any]) -> dict[int, Level]:
    """Return the result of `by_ids` from rows that several callers share."""
    visible_rows = [row for row in rows if row[-1] or may(ctx, Permission.STOCK_READ, row[_PATH])]
    return {level.id: level for level in levels_of(ctx, visible_rows)}


@for_anyone
async def at_locations(
    ctx: Context, variant_id: int, location_ids: Sequence[int]
) -> dict[int, Level]:
    """Return the levels of a variant at these locations that the caller may see, by location ID."""
    conditions = await visible(ctx)
    conditions.add("l.variant_id = ?", variant_id)
    conditions.add(any_of("l.location_id"), array(location_ids))
    return {level.location_id: level for level in await read(ctx, conditions)}


async def visible(ctx: Context) -> Conditions:
    """Return conditions for levels at open locations, and at closed ones where the caller may read stock."""
    found = Conditions()
    closed: list[int] = []
    if Permission.STOCK_READ in ctx.actor.permissions:
        query = scoped(Location.filter(active=False), ctx, Permission.STOCK_READ, "organisation")
        closed = await query.values_list("id", flat=True)  # type: ignore[assignment]
    found.add(f"(o.active OR {any_of('o.id')})" if closed else "o.active")
    found.values += [array(closed)] if closed else []
    return found


async def read(ctx: Context, conditions: Conditions) -> list[Level]:
    """Return the levels of `FROM` that meet `conditions`."""
    found = await rows_of(
        ctx, lambda columns: f"SELECT {columns} FROM {FROM} WHERE {conditions}", conditions.values
    )
    return levels_of(ctx, found)


async def rows_of(
    ctx: Context, statement: Callable[[str], str], values: Sequence[Any]
) -> Sequence[Any]:
    """Return the rows of the statement that `statement` builds from the columns, for `levels_of`.

    The first statement has no time parameter, so its rows can be cached. If any level has held units, all
    rows are read again with expired holds, in one statement and thus one snapshot.
    """
    rows = await records(statement(f"l.available, {_COLUMNS}"), *values)
    if any(row[_HELD] for row in rows):
        rows = await records(statement(f"{EFFECTIVE}, {_COLUMNS}"), ctx.now(), *values)
    return rows


def levels_of(ctx: Context, rows: Sequence[Any]) -> list[Level]:
    """Return the levels of the rows as the caller may see them. Rows may have further columns at the end."""
    counter = ctx.channel.is_counter
    if Permission.STOCK_READ not in ctx.actor.permissions:
        return [_public(row, counter) for row in rows]
    return [
        _whole(row) if may(ctx, Permission.STOCK_READ, row[_PATH]) else _public(row, counter)
        for row in rows
    ]


def _whole(row: Sequence[Any]) -> Level:
    effective, level_id, variant_id, location_id, available, held, *others = row[:_INCOMING]
    effective = int(effective)  # PostgreSQL returns sums as decimals
    quantities = Quantities(effective, held - (effective - available), *others)
    return Level(level_id, variant_id, location_id, quantities, *row[_INCOMING:_PATH], *_UNMEASURED)


def _public(row: Sequence[Any], counter: bool) -> Level:
    effective, level_id, variant_id, location_id, safety_stock, version, updated_at = _SHOWN(row)
    quantities = public_quantities(sellable(int(effective), safety_stock, counter=counter))
    return Level(level_id, variant_id, location_id, quantities, 0, 0, version, updated_at)
