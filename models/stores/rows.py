"""Stores and warehouses as plain rows, with values as the driver returns them."""

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
