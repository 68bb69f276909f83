"""The table of stores and warehouses."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from tortoise import fields

from models.stores.coordinates import CoordinateSystem
from models.tables.fields import Row, choice, never_negative, reference


class LocationKind(StrEnum):
    STORE = "STORE"
    WAREHOUSE = "WAREHOUSE"


class StoreService(StrEnum):
    PICKUP = "PICKUP"
    DELIVERY = "DELIVERY"
    CARRY_OUT = "CARRY_OUT"
    RETURNS = "RETURNS"
    APPOINTMENTS = "APPOINTMENTS"


class Location(Row):
    """A store or warehouse, which holds stock. Its organisation is its own node of the tree.

    The position is stored as given (`latitude`, `longitude`, `coordinate_system`) and in WGS-84 for
    searching. `hours` is `[{"weekday", "opens", "closes"}]`, `services` a list of names, `address` the
    fields of an address. `search_text` is name, code and address in normal form.
    """

    merchant = reference("Organisation")
    organisation = reference("Organisation")
    kind = choice(LocationKind)
    code = fields.CharField(max_length=64, unique=True)
    name = fields.CharField(max_length=200)
    active = fields.BooleanField(default=True)
    phone = fields.CharField(max_length=32, null=True)
    address = fields.JSONField[dict[str, Any]](default=dict)
    city = fields.CharField(max_length=64, null=True)
    latitude = fields.FloatField(null=True)
    longitude = fields.FloatField(null=True)
    coordinate_system = choice(CoordinateSystem, null=True)
    latitude_wgs84 = fields.FloatField(null=True)
    longitude_wgs84 = fields.FloatField(null=True)
    services = fields.JSONField[list[str]](default=list)
    hours = fields.JSONField[list[dict[str, str]]](default=list)
    timezone = fields.CharField(max_length=64, default="Asia/Shanghai")
    search_text = fields.TextField(default="")
    delivery_radius_metres = fields.IntField(null=True)
    updated_at = fields.DatetimeField(auto_now=True)

    merchant_id: int
    organisation_id: int

    class Meta:
        table = "location"
        unique_together = (("organisation_id",),)
        indexes = (("latitude_wgs84", "longitude_wgs84"), ("active", "id"))
        constraints = never_negative("location", "delivery_radius_metres")
