from __future__ import annotations

import strawberry

from models.errors import InvalidInput
from resolvers.stock.transfers import arrivals as transfer_arrivals
from resolvers.stock.transfers import requests as transfer_requests
from resolvers.stock.transfers import shipping as transfer_shipping
from schema.errors import refusing
from schema.info import Info
from schema.nodes.nodes import row_id
from schema.stock.serials.inputs import serial_drafts
from schema.stock.transfers.inputs import (
    TransferCancelInput,
    TransferDecideInput,
    TransferPayload,
    TransferReceiveInput,
    TransferRequestInput,
    TransferShipInput,
    optional_drafts,
)
from schema.stock.transfers.types import Transfer


@strawberry.type
class TransferMutations:
    @refusing(TransferPayload)
    async def transfer_request(self, info: Info, input: TransferRequestInput) -> TransferPayload:
        """Ask another place for goods; headquarters decides. Needs TRANSFER_WRITE."""
        row = await transfer_requests.request(info.context, input.draft(), input.idempotency_key)
        return TransferPayload(transfer=Transfer.of(row))

    @refusing(TransferPayload)
    async def transfer_approve(self, info: Info, input: TransferDecideInput) -> TransferPayload:
        """Agree, or to a part of it; whoever asked cannot. Needs TRANSFER_DECIDE."""
        row = await transfer_requests.approve(
            info.context, _id(input.transfer_id), optional_drafts(input.lines), input.note
        )
        return TransferPayload(transfer=Transfer.of(row))

    @refusing(TransferPayload)
    async def transfer_reject(self, info: Info, input: TransferDecideInput) -> TransferPayload:
        """Say no, to all of it; whoever asked cannot. Needs TRANSFER_DECIDE."""
        if input.lines is not None:
            raise InvalidInput("A transfer is rejected as a whole.", path=("lines",))
        row = await transfer_requests.reject(info.context, _id(input.transfer_id), input.note)
        return TransferPayload(transfer=Transfer.of(row))

    @refusing(TransferPayload)
    async def transfer_ship(self, info: Info, input: TransferShipInput) -> TransferPayload:
        """The goods have left the source; from now on they are nobody's available.

        Needs TRANSFER_WRITE.
        """
        row = await transfer_shipping.ship(
            info.context,
            _id(input.transfer_id),
            optional_drafts(input.lines),
            input.idempotency_key,
            serial_drafts(input.serials),
        )
        return TransferPayload(transfer=Transfer.of(row))

    @refusing(TransferPayload)
    async def transfer_receive(self, info: Info, input: TransferReceiveInput) -> TransferPayload:
        """Count what has come to the destination, in as many parts as it comes in.

        Needs TRANSFER_WRITE.
        """
        receipts = [line.draft(number) for number, line in enumerate(input.lines)]
        row = await transfer_arrivals.receive(
            info.context, _id(input.transfer_id), receipts, input.idempotency_key
        )
        return TransferPayload(transfer=Transfer.of(row))

    @refusing(TransferPayload)
    async def transfer_cancel(self, info: Info, input: TransferCancelInput) -> TransferPayload:
        """Call it off; what is on the road is back at the source, or lost.

        Needs STOCK_READ; `availableActions` says who may.
        """
        row = await transfer_arrivals.cancel(
            info.context,
            _id(input.transfer_id),
            input.note,
            optional_drafts(input.lost, "lost"),
            input.idempotency_key,
            serial_drafts(input.lost_serials, "lostSerials"),
        )
        return TransferPayload(transfer=Transfer.of(row))


def _id(transfer_id: strawberry.ID) -> int:
    return row_id(transfer_id, "Transfer", path=("transferId",))
