"""Points and addresses as clients see them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry

from models.stores.coordinates import CoordinateSystem, Point
from resolvers.stores.addresses import AddressDraft, PointDraft, point_of

strawberry.enum(CoordinateSystem)


@strawberry.type(description="A place in degrees, in one of the systems that phones and maps give.")
class GeoPoint:
    latitude: float
    longitude: float
    system: CoordinateSystem

    @classmethod
    def of(cls, point: Point) -> GeoPoint:
        return cls(latitude=point.latitude, longitude=point.longitude, system=point.system)


@strawberry.input
class GeoPointInput:
    latitude: float
    longitude: float
    system: CoordinateSystem = CoordinateSystem.WGS84

    def draft(self) -> PointDraft:
        return PointDraft(self.latitude, self.longitude, self.system)

    def point(self, *path: str | int) -> Point:
        """Raises: InvalidInput naming what is out of range below `path`."""
        return point_of(self.draft(), *path)


@strawberry.type
class Address:
    street: str
    recipient: str | None = None
    phone: str | None = None
    province: str | None = None
    city: str | None = None
    district: str | None = None
    division_code: str | None = None

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Address:
        """`kept` is an address as `resolvers.stores.addresses.address_of` answers it."""
        return cls(**{"street": "", **kept})


@strawberry.input
class AddressInput:
    street: str
    recipient: str | None = None
    phone: str | None = None
    province: str | None = None
    city: str | None = None
    district: str | None = None
    division_code: str | None = None
    position: GeoPointInput | None = None

    def draft(self) -> AddressDraft:
        return AddressDraft(
            street=self.street,
            recipient=self.recipient,
            phone=self.phone,
            province=self.province,
            city=self.city,
            district=self.district,
            division_code=self.division_code,
            position=self.position.draft() if self.position else None,
        )
