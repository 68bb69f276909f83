"""Stores and warehouses: the places that hold stock, and which of them lie near a point."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from models.database import any_id, array, read, records
from models.errors import InvalidInput, NotFound
from models.stores import hours
from models.stores.coordinates import CoordinateSystem, Point, convert
from models.stores.locations import Location, LocationKind
from models.stores.rows import LOCATION, LocationRow
from models.tables.columns import parsed
from models.tables.folded_codes import folded_column
from models.text.codes import chosen, folded
from resolvers.context import Context
from resolvers.permissions import concerns, for_anyone, works_for


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Location]:
    """Locations by ID, of any kind, also those that are no longer active."""
    if not ids:
        return {}
    return {location.id: location for location in await Location.filter(id__in=set(ids))}


@for_anyone
async def rows_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, LocationRow]:
    """The same locations as they are shown."""
    found = await read(
        LocationRow, f"SELECT {LOCATION} FROM location o WHERE {any_id('o.id')}", array(set(ids))
    )
    return {row.id: row for row in found}


@for_anyone
async def visible_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, LocationRow]:
    """The stores of the merchant that the request is about, and all locations of one the caller works for."""
    found = await _visible(ctx, any_id("o.id"), array(set(ids))) if ids else []
    return {row.id: row for row in found}


@for_anyone
async def get(ctx: Context, location_id: int) -> Location:
    """Raises: NotFound."""
    location = await Location.filter(id=location_id).first()
    if location is None:
        raise NotFound("There is no such store or warehouse.", path=("id",))
    return location


@for_anyone
async def store(ctx: Context, location_id: int | None, code: str | None) -> LocationRow | None:
    """The merchant's store with this ID or code; closed ones too, so that old orders lead to them."""
    values: tuple[Any, ...]
    condition = f"o.merchant_id = ? AND {folded_column('o.code')} = ?"
    values = (ctx.merchant_id, folded(code or ""))
    if location_id is not None:
        reachable, paths = _reachable(ctx)
        condition, values = f"o.id = ? AND {reachable}", (location_id, ctx.merchant_id, *paths)
    statement = f"SELECT {LOCATION} FROM location o WHERE o.kind = 'STORE' AND {condition}"
    found = await read(LocationRow, statement, *values)
    return chosen(code or "", ((row.code, row) for row in found))


@for_anyone
async def warehouse(ctx: Context, location_id: int | None, code: str | None) -> LocationRow | None:
    """The warehouse with this ID or code, of a merchant whom the caller works for; closed ones too."""
    if location_id is not None:
        row = (await visible_by_ids(ctx, [location_id])).get(location_id)
        return row if row and row.kind == LocationKind.WAREHOUSE else None
    found = await _visible(
        ctx,
        f"o.kind = 'WAREHOUSE' AND o.merchant_id = ? AND {folded_column('o.code')} = ?",
        ctx.merchant_id,
        folded(code or ""),
    )
    return chosen(code or "", ((row.code, row) for row in found))


@for_anyone
async def on_nodes(ctx: Context, node_ids: Sequence[int]) -> dict[int, LocationRow]:
    """By node of the tree the store or warehouse whose own it is, as far as the caller may see it."""
    if not node_ids:
        return {}
    found = await _visible(
        ctx,
        f"{any_id('o.organisation_id')} AND EXISTS (SELECT 1 FROM organisation n"
        " WHERE n.id = o.organisation_id AND n.kind IN ('STORE', 'WAREHOUSE'))",
        array(set(node_ids)),
    )
    return {row.organisation_id: row for row in found}


def _reachable(ctx: Context) -> tuple[str, list[str]]:
    """That a location is the merchant's, or in the caller's territory; with the parameters after it."""
    paths = [f"{grant.path}%" for grant in ctx.actor.grants]
    below = "".join(
        " OR EXISTS (SELECT 1 FROM organisation n WHERE n.id = o.organisation_id AND n.path LIKE ?)"
        for _ in paths
    )
    return f"(o.merchant_id = ?{below})", paths


async def _visible(ctx: Context, condition: str, *values: Any) -> list[LocationRow]:
    rows = await records(
        f"SELECT o.merchant_id, {LOCATION} FROM location o WHERE {condition}", *values
    )
    found = [(merchant_id, LocationRow(*columns)) for merchant_id, *columns in rows]
    return [
        row
        for merchant_id, row in found
        if works_for(ctx, merchant_id)
        or (row.kind == LocationKind.STORE and concerns(ctx, merchant_id))
    ]


def position_of(location: Location | LocationRow, system: CoordinateSystem) -> Point | None:
    """Where a location is, in the system asked for; exact in the one it was given in."""
    if location.latitude is None or location.longitude is None:
        return None
    given = Point(
        location.latitude,
        location.longitude,
        CoordinateSystem(location.coordinate_system or CoordinateSystem.WGS84),
    )
    return convert(given, system)


def hours_of(location: Location | LocationRow) -> list[hours.OpeningHours]:
    return [hours.parse(**each) for each in parsed(location.hours)]


def is_open(location: Location | LocationRow, at: datetime, *path: str) -> bool:
    """Whether it is open then. Raises: InvalidInput for a moment outside the calendar."""
    try:
        return hours.is_open(hours_of(location), at, ZoneInfo(location.timezone))
    except hours.InvalidHours:
        raise InvalidInput("The moment lies outside the calendar.", path=path or ("at",)) from None
