"""Serial numbers, their states and their history."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.stock.states import MovementReason, StockState
from models.tables.fields import Row, choice, reference


class SerialState(StrEnum):
    """The state of one unit with a serial number.

    IN_STOCK covers the available, held and committed units. SOLD units left with an order, GONE units for
    another reason; both may return.
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
    """Return the state of a serial number whose unit moved to `state` for `reason`."""
    match state:
        case StockState.OUTSIDE:
            return SerialState.SOLD if reason is MovementReason.SALE else SerialState.GONE
        case StockState.DAMAGED | StockState.QUARANTINED | StockState.IN_TRANSIT:
            return SerialState(state)
    return SerialState.IN_STOCK


class SerialNumber(Row):
    """One unit of a variant that tracks serial numbers, at its current or last location.

    The row changes only while the level that the unit enters or leaves is locked; in transit, while its
    transfer is locked. `document_*` is the document that moved it last.
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
    """One append-only entry of a serial number's history; `from_state` is null for the first."""

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
