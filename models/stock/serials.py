from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.stock.states import MovementReason, StockState
from models.tables.fields import Row, choice, reference


class SerialState(StrEnum):
    """IN_STOCK pieces may be sold or are promised, DAMAGED and QUARANTINED ones stand there, too.

    IN_TRANSIT ones are on the road with a transfer. SOLD (by a hand-over) or GONE, they may come back.
    """

    IN_STOCK = "IN_STOCK"
    DAMAGED = "DAMAGED"
    QUARANTINED = "QUARANTINED"
    IN_TRANSIT = "IN_TRANSIT"
    SOLD = "SOLD"
    GONE = "GONE"


ON_HAND = (SerialState.IN_STOCK, SerialState.DAMAGED, SerialState.QUARANTINED)
AWAY = (SerialState.SOLD, SerialState.GONE)


def serial_state(state: StockState, reason: MovementReason) -> SerialState:
    """The state of a serial number whose piece came to `state` for `reason`."""
    match state:
        case StockState.OUTSIDE:
            return SerialState.SOLD if reason is MovementReason.SALE else SerialState.GONE
        case StockState.DAMAGED | StockState.QUARANTINED | StockState.IN_TRANSIT:
            return SerialState(state)
    return SerialState.IN_STOCK


class SerialNumber(Row):
    """One piece of a variant that is sold by piece: where it is, or where it left from.

    It changes only under the lock of the level it comes to or leaves; on the road, of its transfer.
    `document_*` is what last moved it.
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
