from __future__ import annotations

from dataclasses import field

import strawberry

from schema.errors import UserError
from schema.orders.fulfilment_types import Fulfilment, PrintTicket
from schema.stock.serial_inputs import SerialInput

SCANNED = "Of the variants that track them: one for each piece that is handed over."


@strawberry.input
class FulfilmentActInput:
    fulfilment_id: strawberry.ID


@strawberry.input
class FulfilmentRejectInput:
    fulfilment_id: strawberry.ID
    reason: str


@strawberry.input
class FulfilmentShipInput:
    fulfilment_id: strawberry.ID
    carrier: str
    tracking_number: str
    serials: list[SerialInput] | None = strawberry.field(default=None, description=SCANNED)


@strawberry.input
class PickupCollectInput:
    code: str
    idempotency_key: str
    serials: list[SerialInput] | None = strawberry.field(default=None, description=SCANNED)


@strawberry.input
class TicketAcknowledgeInput:
    ticket_id: strawberry.ID


@strawberry.type
class FulfilmentPayload:
    fulfilment: Fulfilment | None = None
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class TicketPayload:
    ticket: PrintTicket | None = None
    user_errors: list[UserError] = field(default_factory=list)
