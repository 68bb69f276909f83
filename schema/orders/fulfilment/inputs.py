from __future__ import annotations

from dataclasses import field

import strawberry

from models.stock.states import StockState
from schema.errors import UserError
from schema.orders.fulfilment.types import Fulfilment, PrintTicket
from schema.stock.serials.inputs import SerialInput

SCANNED = "Of the variants that track them: one for each piece that is handed over."


@strawberry.input
class FulfilmentActInput:
    fulfilment_id: strawberry.ID
    serials: list[SerialInput] | None = strawberry.field(
        default=None, description=f"For `fulfilmentComplete`. {SCANNED}"
    )


@strawberry.input
class FulfilmentRejectInput:
    fulfilment_id: strawberry.ID
    reason: str


@strawberry.input(description="Call a part off before anything of it has left.")
class FulfilmentCancelInput:
    fulfilment_id: strawberry.ID = strawberry.field(description="Which part.")
    reason: str = strawberry.field(description="Why, for the order's history and the refund.")
    idempotency_key: str = strawberry.field(description="The same key again changes nothing.")


@strawberry.input(description="A shipped part that came back without having been handed over.")
class FulfilmentReturnInput:
    fulfilment_id: strawberry.ID = strawberry.field(description="Which part.")
    location_id: strawberry.ID = strawberry.field(description="The store or warehouse it is put.")
    restock: StockState = strawberry.field(
        description="AVAILABLE, DAMAGED or QUARANTINED; OUTSIDE writes the goods off."
    )
    reason: str = strawberry.field(description="Why, for the order's history and the refund.")
    idempotency_key: str = strawberry.field(description="The same key again changes nothing.")
    serials: list[SerialInput] | None = strawberry.field(
        default=None,
        description="Of the variants that track them: one for each piece that came back.",
    )


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
