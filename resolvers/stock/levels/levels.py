"""Stock levels as the caller may see them: everybody what may be sold, those with STOCK_READ every state.

Holds that have expired are counted as available, so the numbers agree whoever swept last.
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
# Positions behind what is effective.
_HELD, _INCOMING, _PATH = 5, 9, 13
_UNMEASURED: tuple[Any, ...] = (None, True)  # no distance, and whole
_SHOWN = itemgetter(0, 1, 2, 3, 10, 11, 12)  # of these columns the public is shown something


class Level(NamedTuple):
    """A level as its viewer may see it: `whole` to whoever may read stock there.

    `distance_metres` is set in lists by distance.
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
    """Those of the levels that the caller may see."""
    conditions = await visible(ctx)
    conditions.add(any_of("l.id"), array(ids))
    return {level.id: level for level in await read(ctx, conditions)}


@for_anyone
async def findable_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Level]:
    """Those of them whose merchant the request is about, or the caller works for."""
    conditions = await visible(ctx)
    conditions.add(any_of("l.id"), array(ids))
    merchants = {grant.merchant_id for grant in ctx.actor.grants}
    if ctx.actor.kind is not ActorKind.SYSTEM and None not in merchants:
        own = sorted(each for each in {*merchants, ctx.merchant_id} if each is not None)
        conditions.add(any_of("o.merchant_id"), array(own))
    return {level.id: level for level in await read(ctx, conditions)}


async def unseen_rows(ctx: Context, ids: Sequence[int]) -> Sequence[Any]:
    """The levels before anybody looks at them: `seen` says what a caller may see of them."""
    return await rows_of(
        ctx,
        lambda columns: f"SELECT {columns}, o.active FROM {FROM} WHERE {any_of('l.id')}",
        [array(ids)],
    )


def seen(ctx: Context, rows: Sequence[Any]) -> dict[int, Level]:
    """What `by_ids` answers, out of rows that many callers share."""
    visible_rows = [row for row in rows if row[-1] or may(ctx, Permission.STOCK_READ, row[_PATH])]
    return {level.id: level for level in levels_of(ctx, visible_rows)}


@for_anyone
async def at_locations(
    ctx: Context, variant_id: int, location_ids: Sequence[int]
) -> dict[int, Level]:
    """What the caller may see of a variant at each of these places, by location."""
    conditions = await visible(ctx)
    conditions.add("l.variant_id = ?", variant_id)
    conditions.add(any_of("l.location_id"), array(location_ids))
    return {level.location_id: level for level in await read(ctx, conditions)}


async def visible(ctx: Context) -> Conditions:
    """Levels at open locations; at closed ones only where the caller may read stock."""
    found = Conditions()
    closed: list[int] = []
    if Permission.STOCK_READ in ctx.actor.permissions:
        query = scoped(Location.filter(active=False), ctx, Permission.STOCK_READ, "organisation")
        closed = await query.values_list("id", flat=True)  # type: ignore[assignment]
    found.add(f"(o.active OR {any_of('o.id')})" if closed else "o.active")
    found.values += [array(closed)] if closed else []
    return found


async def read(ctx: Context, conditions: Conditions) -> list[Level]:
    """The levels of `FROM` that meet `conditions`."""
    found = await rows_of(
        ctx, lambda columns: f"SELECT {columns} FROM {FROM} WHERE {conditions}", conditions.values
    )
    return levels_of(ctx, found)


async def rows_of(
    ctx: Context, statement: Callable[[str], str], values: Sequence[Any]
) -> Sequence[Any]:
    """The rows of a statement that selects the columns it is given, whose levels are `levels_of`.

    The moment matters only where something is held; then all is read again with what has expired,
    in one statement, so that no level is of two moments.
    """
    rows = await records(statement(f"l.available, {_COLUMNS}"), *values)
    if any(row[_HELD] for row in rows):
        rows = await records(statement(f"{EFFECTIVE}, {_COLUMNS}"), ctx.now(), *values)
    return rows


def levels_of(ctx: Context, rows: Sequence[Any]) -> list[Level]:
    """The caller's view of the rows; more columns may follow in them."""
    counter = ctx.channel.is_counter
    if Permission.STOCK_READ not in ctx.actor.permissions:
        return [_public(row, counter) for row in rows]
    return [
        _whole(row) if may(ctx, Permission.STOCK_READ, row[_PATH]) else _public(row, counter)
        for row in rows
    ]


def _whole(row: Sequence[Any]) -> Level:
    effective, level_id, variant_id, location_id, available, held, *others = row[:_INCOMING]
    effective = int(effective)  # PostgreSQL's sums are decimals
    quantities = Quantities(effective, held - (effective - available), *others)
    return Level(level_id, variant_id, location_id, quantities, *row[_INCOMING:_PATH], *_UNMEASURED)


def _public(row: Sequence[Any], counter: bool) -> Level:
    effective, level_id, variant_id, location_id, safety_stock, version, updated_at = _SHOWN(row)
    quantities = public_quantities(sellable(int(effective), safety_stock, counter=counter))
    return Level(level_id, variant_id, location_id, quantities, 0, 0, version, updated_at)
