from __future__ import annotations

import strawberry

from resolvers.stock.purchasing import order_steps, suppliers
from resolvers.stock.purchasing import return_steps as purchasing_return_steps
from schema.errors import refusing
from schema.info import Info
from schema.stock.purchasing.inputs import (
    PurchaseOrderActInput,
    PurchaseOrderCreateInput,
    PurchaseOrderPayload,
    PurchaseOrderReceiveInput,
    SupplierReturnActInput,
    SupplierReturnCreateInput,
    SupplierReturnPayload,
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
    @refusing(SupplierUpsertPayload)
    async def supplier_upsert(
        self, info: Info, input: SupplierUpsertInput
    ) -> SupplierUpsertPayload:
        """Add or change suppliers by code, up to 500 at once; the same again changes nothing.

        Needs PURCHASE_WRITE.
        """
        drafts = [row.draft() for row in input.suppliers]
        outcome = await suppliers.upsert(info.context, drafts, input.on_error, input.dry_run)
        return SupplierUpsertPayload.of(outcome, info.context, "supplier")

    @refusing(PurchaseOrderPayload)
    async def purchase_order_create(
        self, info: Info, input: PurchaseOrderCreateInput
    ) -> PurchaseOrderPayload:
        """Order goods; they are expected once the order is approved. Needs PURCHASE_WRITE."""
        row = await order_steps.create(info.context, input.draft(), input.idempotency_key)
        return PurchaseOrderPayload(purchase_order=PurchaseOrder.of(row))

    @refusing(PurchaseOrderPayload)
    async def purchase_order_approve(
        self, info: Info, input: PurchaseOrderActInput
    ) -> PurchaseOrderPayload:
        """Agree to an order: its goods are `incoming` at their destination from now on.

        Needs PURCHASE_APPROVE.
        """
        row = await order_steps.approve(info.context, input.order_row(), input.note)
        return PurchaseOrderPayload(purchase_order=PurchaseOrder.of(row))

    @refusing(PurchaseOrderPayload)
    async def purchase_order_receive(
        self, info: Info, input: PurchaseOrderReceiveInput
    ) -> PurchaseOrderPayload:
        """Take in what has come, in as many parts as it comes in; never more than was ordered.

        Needs PURCHASE_RECEIVE.
        """
        row = await order_steps.receive(
            info.context,
            input.order_row(),
            line_drafts(input.lines),
            input.idempotency_key,
            serial_drafts(input.serials),
        )
        return PurchaseOrderPayload(purchase_order=PurchaseOrder.of(row))

    @refusing(PurchaseOrderPayload)
    async def purchase_order_cancel(
        self, info: Info, input: PurchaseOrderActInput
    ) -> PurchaseOrderPayload:
        """Decline an order, or call off all of it that has not come.

        Needs PURCHASE_READ; `availableActions` says who may.
        """
        row = await order_steps.cancel(info.context, input.order_row(), input.note)
        return PurchaseOrderPayload(purchase_order=PurchaseOrder.of(row))

    @refusing(SupplierReturnPayload)
    async def supplier_return_create(
        self, info: Info, input: SupplierReturnCreateInput
    ) -> SupplierReturnPayload:
        """Plan to send goods back; they leave the stock when they are shipped.

        Needs PURCHASE_WRITE.
        """
        row = await purchasing_return_steps.create(
            info.context, input.draft(), input.idempotency_key
        )
        return SupplierReturnPayload(supplier_return=SupplierReturn.of(row))

    @refusing(SupplierReturnPayload)
    async def supplier_return_approve(
        self, info: Info, input: SupplierReturnActInput
    ) -> SupplierReturnPayload:
        """Agree to send the goods back. Needs PURCHASE_APPROVE."""
        row = await purchasing_return_steps.approve(info.context, input.return_row(), input.note)
        return SupplierReturnPayload(supplier_return=SupplierReturn.of(row))

    @refusing(SupplierReturnPayload)
    async def supplier_return_ship(
        self, info: Info, input: SupplierReturnShipInput
    ) -> SupplierReturnPayload:
        """The goods have left for their supplier. Needs PURCHASE_RECEIVE."""
        row = await purchasing_return_steps.ship(
            info.context,
            input.return_row(),
            input.idempotency_key,
            serial_drafts(input.serials),
        )
        return SupplierReturnPayload(supplier_return=SupplierReturn.of(row))

    @refusing(SupplierReturnPayload)
    async def supplier_return_cancel(
        self, info: Info, input: SupplierReturnActInput
    ) -> SupplierReturnPayload:
        """Decline it, or call it off before it is shipped.

        Needs PURCHASE_READ; `availableActions` says who may.
        """
        row = await purchasing_return_steps.cancel(info.context, input.return_row(), input.note)
        return SupplierReturnPayload(supplier_return=SupplierReturn.of(row))
