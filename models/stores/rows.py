"""Stores and warehouses as they are read: columns as the driver answers them; see `models.tables.columns`."""

from __future__ import annotations

from typing import NamedTuple

from models.database import columns
from models.tables.columns import Json


class LocationRow(NamedTuple):
    id: int
    organisation_id: int
    kind: str
    code: str
    name: str
    active: bool
    phone: str | None
    address: Json
    latitude: float | None
    longitude: float | None
    coordinate_system: str | None
    services: Json
    hours: Json
    timezone: str
    delivery_radius_metres: int | None


LOCATION = columns(LocationRow, "o")
