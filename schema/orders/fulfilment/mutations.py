from __future__ import annotations

import strawberry

from models.errors import InvalidInput
from resolvers.orders import part_cancelling, pickups, rerouting
from resolvers.orders.fulfilment import steps as fulfilment_steps
from resolvers.orders.fulfilment import tickets
from resolvers.orders.fulfilment.steps import ShipmentDraft
from resolvers.orders.part_cancelling import ReturnDraft
from schema.errors import refusing
from schema.info import Info
from schema.nodes.nodes import row_id
from schema.orders.fulfilment.inputs import (
    FulfilmentActInput,
    FulfilmentCancelInput,
    FulfilmentPayload,
    FulfilmentRejectInput,
    FulfilmentReturnInput,
    FulfilmentShipInput,
    PickupCollectInput,
    TicketAcknowledgeInput,
    TicketPayload,
)
from schema.orders.fulfilment.types import Fulfilment, PrintTicket
from schema.stock.serials.inputs import serial_drafts


@strawberry.type
class FulfilmentMutations:
    @refusing(FulfilmentPayload)
    async def fulfilment_accept(self, info: Info, input: FulfilmentActInput) -> FulfilmentPayload:
        """The store takes on what was routed to it. Needs FULFILMENT_WRITE."""
        row = await fulfilment_steps.accept(info.context, _id_alone(input))
        return FulfilmentPayload(fulfilment=Fulfilment.of(row))

    @refusing(FulfilmentPayload)
    async def fulfilment_reject(
        self, info: Info, input: FulfilmentRejectInput
    ) -> FulfilmentPayload:
        """Send a delivery on to the next nearest that has the pieces, never back.

        Where nobody else has them it stays, unfillable, until somebody has or it is called off.
        Needs FULFILMENT_WRITE.
        """
        row = await rerouting.reject(info.context, _id(input.fulfilment_id), input.reason)
        return FulfilmentPayload(fulfilment=Fulfilment.of(row))

    @refusing(FulfilmentPayload)
    async def fulfilment_ready(self, info: Info, input: FulfilmentActInput) -> FulfilmentPayload:
        """Packed: a pickup may be collected, a delivery may leave. Needs FULFILMENT_WRITE."""
        row = await fulfilment_steps.ready(info.context, _id_alone(input))
        return FulfilmentPayload(fulfilment=Fulfilment.of(row))

    @refusing(FulfilmentPayload)
    async def fulfilment_ship(self, info: Info, input: FulfilmentShipInput) -> FulfilmentPayload:
        """The goods have left the store with a carrier. Needs FULFILMENT_WRITE."""
        draft = ShipmentDraft(
            _id(input.fulfilment_id),
            input.carrier,
            input.tracking_number,
            serial_drafts(input.serials),
        )
        row = await fulfilment_steps.ship(info.context, draft)
        return FulfilmentPayload(fulfilment=Fulfilment.of(row))

    @refusing(FulfilmentPayload)
    async def fulfilment_complete(self, info: Info, input: FulfilmentActInput) -> FulfilmentPayload:
        """Staff: delivered, or handed over at the counter. A customer: I have received it.

        Staff need FULFILMENT_WRITE.
        """
        ctx, fulfilment_id = info.context, _id(input.fulfilment_id)
        if ctx.actor.is_customer:
            row = await fulfilment_steps.confirm(ctx, fulfilment_id)
        else:
            row = await fulfilment_steps.complete(ctx, fulfilment_id, serial_drafts(input.serials))
        return FulfilmentPayload(fulfilment=Fulfilment.of(row))

    @refusing(FulfilmentPayload)
    async def fulfilment_cancel(
        self, info: Info, input: FulfilmentCancelInput
    ) -> FulfilmentPayload:
        """Call a part off that nothing has left of; needs ORDER_CANCEL.

        What it paid goes back exactly; the other parts of the order go on.
        """
        row = await part_cancelling.cancel(
            info.context, _id(input.fulfilment_id), input.reason, input.idempotency_key
        )
        return FulfilmentPayload(fulfilment=Fulfilment.of(row))

    @refusing(FulfilmentPayload)
    async def fulfilment_return(
        self, info: Info, input: FulfilmentReturnInput
    ) -> FulfilmentPayload:
        """Take in a shipped part that was refused at the door or not found; needs ORDER_CANCEL.

        What it paid goes back exactly; the other parts of the order go on.
        """
        draft = ReturnDraft(
            fulfilment_id=_id(input.fulfilment_id),
            location_id=row_id(input.location_id, "Store", "Warehouse", path=("locationId",)),
            restock=input.restock,
            reason=input.reason,
            serials=serial_drafts(input.serials),
        )
        row = await part_cancelling.take_back(info.context, draft, input.idempotency_key)
        return FulfilmentPayload(fulfilment=Fulfilment.of(row))

    @refusing(FulfilmentPayload)
    async def pickup_collect(self, info: Info, input: PickupCollectInput) -> FulfilmentPayload:
        """Hand over what a pickup code stands for, once. Needs FULFILMENT_WRITE."""
        scanned = serial_drafts(input.serials)
        row = await pickups.collect(info.context, input.code, input.idempotency_key, scanned)
        return FulfilmentPayload(fulfilment=Fulfilment.of(row))

    @refusing(TicketPayload)
    async def ticket_acknowledge(self, info: Info, input: TicketAcknowledgeInput) -> TicketPayload:
        """The ticket has been printed; saying so again changes nothing. Needs FULFILMENT_WRITE."""
        ticket_id = row_id(input.ticket_id, "PrintTicket", path=("ticketId",))
        row = await tickets.acknowledge(info.context, ticket_id)
        return TicketPayload(ticket=PrintTicket.of(row))


def _id_alone(input: FulfilmentActInput) -> int:
    """The ID, where nothing leaves with the step. Raises: InvalidInput for serial numbers."""
    if input.serials:
        raise InvalidInput(
            "Serial numbers are given with the step by which the pieces leave.", path=("serials",)
        )
    return _id(input.fulfilment_id)


def _id(fulfilment_id: strawberry.ID) -> int:
    return row_id(fulfilment_id, "Fulfilment", path=("fulfilmentId",))
