"""The steps of purchase orders and supplier returns as mutations, and the upsert of suppliers."""

from __future__ import annotations

import strawberry

from models.stock.documents.purchases import PurchaseOrder as PurchaseOrderRow
from models.stock.documents.purchases import SupplierReturn as SupplierReturnRow
from resolvers.stock.purchasing import order_steps, return_steps, suppliers
from schema.errors import refusing
from schema.info import Info
from schema.stock.documents.payloads import changing
from schema.stock.purchasing.inputs import (
    PurchaseOrderActInput,
    PurchaseOrderCreateInput,
    PurchaseOrderReceiveInput,
    SupplierReturnActInput,
    SupplierReturnCreateInput,
    SupplierReturnShipInput,
    SupplierUpsertInput,
    SupplierUpsertPayload,
)
from schema.stock.purchasing.return_types import SupplierReturn
from schema.stock.purchasing.types import PurchaseOrder
from schema.stock.serials.inputs import serial_drafts
from schema.stock.transfers.inputs import line_drafts


@strawberry.type
class PurchaseMutations:
    """Mutations that create or change suppliers, purchase orders and supplier returns."""

    @refusing(SupplierUpsertPayload)
    async def supplier_upsert(
        self, info: Info, input: SupplierUpsertInput
    ) -> SupplierUpsertPayload:
        """Add or change suppliers by code, up to 500 at once; a repetition changes nothing.

        Needs PURCHASE_WRITE.
        """
        drafts = [row.draft() for row in input.suppliers]
        outcome = await suppliers.upsert(info.context, drafts, input.on_error, input.dry_run)
        return SupplierUpsertPayload.of(outcome, info.context, "supplier")

    @changing(PurchaseOrder)
    async def purchase_order_create(
        self, info: Info, input: PurchaseOrderCreateInput
    ) -> PurchaseOrderRow:
        """Order goods; they are expected once the order is approved. Needs PURCHASE_WRITE."""
        return await order_steps.create(info.context, input.draft(), input.idempotency_key)

    @changing(PurchaseOrder)
    async def purchase_order_approve(
        self, info: Info, input: PurchaseOrderActInput
    ) -> PurchaseOrderRow:
        """Approve an order: its goods are `incoming` at their destination from now on.

        Needs PURCHASE_APPROVE.
        """
        return await order_steps.approve(info.context, input.row_id(), input.note)

    @changing(PurchaseOrder)
    async def purchase_order_receive(
        self, info: Info, input: PurchaseOrderReceiveInput
    ) -> PurchaseOrderRow:
        """Record what has arrived, once for each delivery; never more than was ordered.

        Needs PURCHASE_RECEIVE.
        """
        return await order_steps.receive(
            info.context,
            input.row_id(),
            line_drafts(input.lines),
            input.idempotency_key,
            serial_drafts(input.serials),
        )

    @changing(PurchaseOrder)
    async def purchase_order_cancel(
        self, info: Info, input: PurchaseOrderActInput
    ) -> PurchaseOrderRow:
        """Decline an order, or cancel all of it that has not arrived.

        Needs PURCHASE_READ; `availableActions` says who may.
        """
        return await order_steps.cancel(info.context, input.row_id(), input.note)

    @changing(SupplierReturn)
    async def supplier_return_create(
        self, info: Info, input: SupplierReturnCreateInput
    ) -> SupplierReturnRow:
        """Plan to send goods back; they leave the stock when they are shipped.

        Needs PURCHASE_WRITE.
        """
        return await return_steps.create(info.context, input.draft(), input.idempotency_key)

    @changing(SupplierReturn)
    async def supplier_return_approve(
        self, info: Info, input: SupplierReturnActInput
    ) -> SupplierReturnRow:
        """Approve that the goods are sent back. Needs PURCHASE_APPROVE."""
        return await return_steps.approve(info.context, input.row_id(), input.note)

    @changing(SupplierReturn)
    async def supplier_return_ship(
        self, info: Info, input: SupplierReturnShipInput
    ) -> SupplierReturnRow:
        """Record that the goods have left for their supplier. Needs PURCHASE_RECEIVE."""
        return await return_steps.ship(
            info.context,
            input.row_id(),
            input.idempotency_key,
            serial_drafts(input.serials),
        )

    @changing(SupplierReturn)
    async def supplier_return_cancel(
        self, info: Info, input: SupplierReturnActInput
    ) -> SupplierReturnRow:
        """Decline a return, or cancel it before it is shipped.

        Needs PURCHASE_READ; `availableActions` says who may.
        """
        return await return_steps.cancel(info.context, input.row_id(), input.note)
