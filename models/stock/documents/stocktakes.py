from __future__ import annotations

from tortoise import fields

from models.stock.documents.stocktake_rules import Count, SerialFinding, StocktakeStatus
from models.stock.levels import LevelKey
from models.tables.fields import Row, choice, never_negative, reference


class Stocktake(Row):
    """Some variants of a location that are counted while selling goes on."""

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
    """A variant of a stocktake, and once it is counted what was found of it.

    `expected` is what the ledger says stood there `counted_at`. `going_on` is True until the stocktake ends,
    then empty, so that the unique key lets a variant be counted at one place by one stocktake at a time.
    `last_serial_event_id`, of one counted by serial numbers, is the last event that the count knew of.
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
        """Whether it was counted by serial numbers."""
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
    """A serial number in which a count and the books differ.

    `moved`: whether approving took it out or in; not where it had come or left by itself since the count.
    """

    line = reference("StocktakeLine")
    serial = fields.CharField(max_length=64)
    finding = choice(SerialFinding)
    moved = fields.BooleanField(null=True)

    line_id: int

    class Meta:
        table = "stocktake_serial"
        unique_together = (("line_id", "serial"),)
