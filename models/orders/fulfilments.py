"""Tables of fulfilments, their events and lines, and print tickets."""

from __future__ import annotations

from typing import Any

from tortoise import fields

from models.keys.encryption import EncryptedText
from models.orders.states import FulfilmentMethod, FulfilmentStatus, TicketStatus
from models.tables.fields import Row, choice, minor, reference, within


class Fulfilment(Row):
    """The share of an order that one location hands over in one way, with a status of its own.

    `routing` is the decision that chose the location: `{"picks", "candidates", "decided_at"}`. From
    `accept_due_at` on, a worker checks whether the location has been open long enough to accept it.
    `awaits_until` is the expected date of goods that it still waits for, and is empty once they have
    arrived. `promised_at` is the time promised to the customer. `assignee_id` is the member of staff who
    accepted it. `fee_minor` is its share of the order's delivery fee. `refunded_minor` is the amount
    refunded for it, empty if its money was kept or moved to another fulfilment with its goods.
    `unfillable`: its location rejected it and no other location has the goods.
    """

    order = reference("Order")
    number = fields.CharField(max_length=40, unique=True)
    method = choice(FulfilmentMethod)
    status = choice(FulfilmentStatus, default=FulfilmentStatus.OPEN)
    location = reference("Location")
    distance_metres = fields.IntField(null=True)
    routing = fields.JSONField[dict[str, Any]](null=True)
    pickup_code = fields.CharField(max_length=32, null=True, unique=True)
    pickup_expires_at = fields.DatetimeField(null=True)
    pickup_used_at = fields.DatetimeField(null=True)
    carrier = fields.CharField(max_length=64, null=True)
    tracking_number = fields.CharField(max_length=64, null=True)
    shipped_at = fields.DatetimeField(null=True)
    assigned_at = fields.DatetimeField(null=True)
    accept_due_at = fields.DatetimeField(null=True)
    done_at = fields.DatetimeField(null=True)
    awaits_until = fields.DateField(null=True)
    promised_at = fields.DatetimeField(null=True)
    assignee_id = fields.BigIntField(null=True, db_index=True)
    fee_minor = minor(default=0, db_default=0)
    refunded_minor = minor(null=True)
    unfillable = fields.BooleanField(db_default=False)
    updated_at = fields.DatetimeField(auto_now=True)

    order_id: int
    location_id: int

    class Meta:
        table = "fulfilment"
        indexes = (
            ("location_id", "status", "id"),
            ("status", "pickup_expires_at"),
            ("status", "accept_due_at"),
        )


class FulfilmentEvent(Row):
    """One status change of a fulfilment, at `created_at`."""

    fulfilment = reference("Fulfilment")
    actor_kind = fields.CharField(max_length=16)
    actor_id = fields.BigIntField(null=True)
    from_status = fields.CharField(max_length=24)
    to_status = fields.CharField(max_length=24)
    note = fields.CharField(max_length=500, null=True)

    fulfilment_id: int

    class Meta:
        table = "fulfilment_event"


class FulfilmentLine(Row):
    fulfilment = reference("Fulfilment")
    order_line = reference("OrderLine")
    variant = reference("Variant")
    quantity = fields.IntField()

    fulfilment_id: int
    order_line_id: int
    variant_id: int

    class Meta:
        table = "fulfilment_line"
        unique_together = (("fulfilment_id", "order_line_id"),)
        constraints = (within("fulfilment_line", "quantity", '"quantity" > 0'),)


class PrintTicket(Row):
    """A ticket for the store's printer; `escpos` is base64 of the printer's own bytes."""

    fulfilment = reference("Fulfilment")
    location = reference("Location")
    status = choice(TicketStatus, default=TicketStatus.QUEUED)
    encrypted_text = fields.TextField()
    encrypted_escpos = fields.TextField()
    text = EncryptedText[str]("print_ticket")
    escpos = EncryptedText[str]("print_ticket")
    printed_at = fields.DatetimeField(null=True)

    fulfilment_id: int
    location_id: int

    class Meta:
        table = "print_ticket"
        unique_together = (("fulfilment_id",),)
