"""Finding one serial number."""

from __future__ import annotations

import strawberry

from resolvers.stock import serial_lookup
from schema.info import Info
from schema.stock.serials.types import SerialNumber


@strawberry.type
class SerialQueries:
    """Root fields about serial numbers."""

    @strawberry.field
    async def serial_number(self, info: Info, sku: str, serial: str) -> SerialNumber | None:
        """One piece of a SKU that is, or was last, in your territory: where it is and where it has been."""
        row = await serial_lookup.find(info.context, sku, serial)
        return SerialNumber.of(row) if row else None
