from __future__ import annotations

from dataclasses import field

import strawberry

from schema.errors import UserError
from schema.orders.fulfilment_types import Fulfilment, PrintTicket


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


@strawberry.input
class PickupCollectInput:
    code: str
    idempotency_key: str


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
