"""The steps of a transfer as mutations."""

from __future__ import annotations

import strawberry

from models.errors import InvalidInput
from models.stock.documents.transfers import Transfer as TransferRow
from resolvers.stock.transfers import arrivals as transfer_arrivals
from resolvers.stock.transfers import requests as transfer_requests
from resolvers.stock.transfers import shipping as transfer_shipping
from schema.info import Info
from schema.stock.documents.payloads import changing
from schema.stock.serials.inputs import serial_drafts
from schema.stock.transfers.inputs import (
    TransferCancelInput,
    TransferDecideInput,
    TransferReceiveInput,
    TransferRequestInput,
    TransferShipInput,
    optional_drafts,
)
from schema.stock.transfers.types import Transfer


@strawberry.type
class TransferMutations:
    """Mutations that create or change a transfer."""

    @changing(Transfer)
    async def transfer_request(self, info: Info, input: TransferRequestInput) -> TransferRow:
        """Request goods from another location; headquarters decides. Needs TRANSFER_WRITE."""
        return await transfer_requests.request(info.context, input.draft(), input.idempotency_key)

    @changing(Transfer)
    async def transfer_approve(self, info: Info, input: TransferDecideInput) -> TransferRow:
        """Approve all or some of what was requested; the requester cannot. Needs TRANSFER_DECIDE."""
        return await transfer_requests.approve(
            info.context, input.row_id(), optional_drafts(input.lines), input.note
        )

    @changing(Transfer)
    async def transfer_reject(self, info: Info, input: TransferDecideInput) -> TransferRow:
        """Reject the whole transfer; the requester cannot. Needs TRANSFER_DECIDE."""
        if input.lines is not None:
            raise InvalidInput("A transfer is rejected as a whole.", path=("lines",))
        return await transfer_requests.reject(info.context, input.row_id(), input.note)

    @changing(Transfer)
    async def transfer_ship(self, info: Info, input: TransferShipInput) -> TransferRow:
        """Record that the goods have left the source; until they are received they are available nowhere.

        Needs TRANSFER_WRITE.
        """
        return await transfer_shipping.ship(
            info.context,
            input.row_id(),
            optional_drafts(input.lines),
            input.idempotency_key,
            serial_drafts(input.serials),
        )

    @changing(Transfer)
    async def transfer_receive(self, info: Info, input: TransferReceiveInput) -> TransferRow:
        """Record what has arrived at the destination, once for each delivery.

        Needs TRANSFER_WRITE.
        """
        receipts = [line.draft(number) for number, line in enumerate(input.lines)]
        return await transfer_arrivals.receive(
            info.context, input.row_id(), receipts, input.idempotency_key
        )

    @changing(Transfer)
    async def transfer_cancel(self, info: Info, input: TransferCancelInput) -> TransferRow:
        """Cancel the transfer; what is in transit is back at the source, or lost.

        Needs STOCK_READ; `availableActions` says who may.
        """
        return await transfer_arrivals.cancel(
            info.context,
            input.row_id(),
            input.note,
            optional_drafts(input.lost, "lost"),
            input.idempotency_key,
            serial_drafts(input.lost_serials, "lostSerials"),
        )
