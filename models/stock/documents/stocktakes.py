"""Stocktakes, their lines, and the serial numbers in which a count differs from the records."""

from __future__ import annotations

from tortoise import fields

from models.stock.documents.stocktake_rules import Count, SerialFinding, StocktakeStatus
from models.stock.levels import LevelKey
from models.tables.fields import Row, choice, never_negative, reference


class Stocktake(Row):
    """A count of some variants at a location. Sales continue during the count."""

    merchant = reference("Organisation")
    location = reference("Location")
    number = fields.CharField(max_length=32)
    status = choice(StocktakeStatus)
    note = fields.CharField(max_length=500, null=True)
    updated_at = fields.DatetimeField(auto_now=True)

    merchant_id: int
    location_id: int

    class Meta:
        table = "stocktake"
        unique_together = (("merchant_id", "number"),)
        indexes = (("location_id", "id"),)


class StocktakeLine(Row):
    """One variant of a stocktake with its count.

    `expected` is the quantity on hand by the ledger at `counted_at`. `going_on` is True while the stocktake
    is open and null afterwards, so the unique key permits one open stocktake per variant and location.
    `last_serial_event_id` is set if serial numbers were scanned: the last serial event before the count.
    """

    stocktake = reference("Stocktake")
    variant = reference("Variant")
    location = reference("Location")
    going_on = fields.BooleanField(null=True)
    counted = fields.IntField(null=True)
    expected = fields.IntField(null=True)
    counted_at = fields.DatetimeField(null=True)
    last_serial_event_id = fields.BigIntField(null=True)
    counter_kind = fields.CharField(max_length=16, null=True)
    counter_id = fields.BigIntField(null=True)

    stocktake_id: int
    variant_id: int
    location_id: int

    @property
    def level_key(self) -> LevelKey:
        return self.variant_id, self.location_id

    @property
    def scanned(self) -> bool:
        """Whether serial numbers were scanned for the count."""
        return self.last_serial_event_id is not None

    @property
    def difference(self) -> int:
        return self.count.difference if self.count else 0

    @property
    def count(self) -> Count | None:
        if self.counted is None or self.expected is None:
            return None
        return Count(self.counted, self.expected)

    class Meta:
        table = "stocktake_line"
        unique_together = (
            ("stocktake_id", "variant_id"),
            ("variant_id", "location_id", "going_on"),
        )
        constraints = never_negative("stocktake_line", "counted", "expected")


class StocktakeSerial(Row):
    """A serial number in which a count differs from the records.

    `moved` is null until the approval. It is False if the serial number arrived or left after the count, so
    the approval did not move it.
    """

    line = reference("StocktakeLine")
    serial = fields.CharField(max_length=64)
    finding = choice(SerialFinding)
    moved = fields.BooleanField(null=True)

    line_id: int

    class Meta:
        table = "stocktake_serial"
        unique_together = (("line_id", "serial"),)
