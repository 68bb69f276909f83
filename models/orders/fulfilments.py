from __future__ import annotations

from typing import Any

from tortoise import fields

from models.keys.encryption import EncryptedText
from models.orders.states import FulfilmentMethod, FulfilmentStatus, TicketStatus
from models.tables.fields import Row, choice, minor, reference, within


class Fulfilment(Row):
    """One way at one place in which a part of an order reaches the customer, with a life of its own.

    `routing` is the decision that sent it there: `{"picks", "candidates", "decided_at"}`. From
    `accept_due_at` on it is looked whether the place has been open for long enough to have accepted it.
    `awaits_until` is when the pieces were said to come that it still waits for; empty once they are there.
    `promised_at` is by when the customer was told to have it. `assignee_id` is the staff who accepted it.
    `fee_minor` is its share of the order's delivery; `refunded_minor` is what was given back for it, empty
    while its money has stayed or gone on with its pieces. `unfillable`: its place has rejected it, and nobody
    else has the pieces.
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
    """One step in the life of a fulfilment; `created_at` is when."""

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
    """What the printer of a store prints by itself; `escpos` is base64 of the printer's own bytes."""

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
