from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.fields import Row, choice, reference


class SerialState(StrEnum):
    IN_STOCK = "IN_STOCK"
    SOLD = "SOLD"
    GONE = "GONE"


class SerialNumber(Row):
    """One piece of a variant that is sold by piece: where it is, or where it left from.

    It changes only under the lock of the level it comes to or leaves. `document_*` is what last moved it.
    """

    merchant = reference("Organisation")
    variant = reference("Variant")
    location = reference("Location")
    serial = fields.CharField(max_length=64)
    state = choice(SerialState)
    document_type = fields.CharField(max_length=24, null=True)
    document_id = fields.BigIntField(null=True)
    updated_at = fields.DatetimeField(auto_now=True)

    merchant_id: int
    variant_id: int
    location_id: int

    class Meta:
        table = "serial_number"
        unique_together = (("variant_id", "serial"),)
        indexes = (("variant_id", "location_id", "state", "id"),)


class SerialEvent(Row):
    """One append-only line of a serial number's history; `from_state` is empty for the first."""

    serial_number = reference("SerialNumber")
    location = reference("Location")
    from_state = choice(SerialState, null=True)
    to_state = choice(SerialState)
    document_type = fields.CharField(max_length=24, null=True)
    document_id = fields.BigIntField(null=True)
    actor_kind = fields.CharField(max_length=16)
    actor_id = fields.BigIntField(null=True)

    serial_number_id: int
    location_id: int

    class Meta:
        table = "serial_event"
