from __future__ import annotations

from dataclasses import field
from decimal import Decimal

import strawberry

from models.stock.states import StockState
from resolvers.bulk_rows import OnError
from resolvers.stock.purchasing.order_steps import PurchaseDraft, PurchaseLineDraft
from resolvers.stock.purchasing.return_steps import ReturnDraft, ReturnLineDraft
from resolvers.stock.purchasing.suppliers import SupplierDraft
from schema.batches import UpsertPayload, kept_if_unset
from schema.catalog.inputs import VariantQuantityInput
from schema.errors import UserError
from schema.nodes.nodes import optional_row_id, row_id
from schema.nulls import never_null, none_if_unset
from schema.stock.purchasing.return_types import SupplierReturn
from schema.stock.purchasing.types import PurchaseOrder
from schema.stock.serials.inputs import OF_TRACKED, SerialInput

_PLACES = ("Store", "Warehouse")


@strawberry.input(
    description="A supplier by its code. What is left out stays as it is; null empties it."
)
class SupplierUpsertRow:
    code: str
    name: str
    contact: str | None = strawberry.UNSET
    phone: str | None = strawberry.UNSET
    active: bool | None = never_null()

    def draft(self) -> SupplierDraft:
        return SupplierDraft(
            code=self.code,
            name=self.name,
            contact=kept_if_unset(self.contact),
            phone=kept_if_unset(self.phone),
            active=none_if_unset(self.active),
        )


@strawberry.input
class SupplierUpsertInput:
    suppliers: list[SupplierUpsertRow]
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False


@strawberry.input
class PurchaseOrderLineInput:
    variant_id: strawberry.ID
    quantity: int
    unit_cost: Decimal

    def draft(self, number: int) -> PurchaseLineDraft:
        variant_id = row_id(self.variant_id, "Variant", path=("lines", number, "variantId"))
        return PurchaseLineDraft(variant_id, self.quantity, self.unit_cost)


@strawberry.input(
    description="A supplier that is not known yet is made; its name is the code then."
)
class PurchaseOrderCreateInput:
    supplier_code: str
    destination_id: strawberry.ID
    lines: list[PurchaseOrderLineInput]
    idempotency_key: str
    supplier_name: str | None = None
    note: str | None = None

    def draft(self) -> PurchaseDraft:
        return PurchaseDraft(
            supplier_code=self.supplier_code,
            supplier_name=self.supplier_name,
            destination_id=row_id(self.destination_id, *_PLACES, path=("destinationId",)),
            lines=[line.draft(number) for number, line in enumerate(self.lines)],
            note=self.note,
        )


@strawberry.input
class PurchaseOrderActInput:
    purchase_order_id: strawberry.ID
    note: str | None = None

    def order_row(self) -> int:
        return row_id(self.purchase_order_id, "PurchaseOrder", path=("purchaseOrderId",))


@strawberry.input
class PurchaseOrderReceiveInput:
    purchase_order_id: strawberry.ID
    lines: list[VariantQuantityInput]
    idempotency_key: str
    serials: list[SerialInput] | None = strawberry.field(default=None, description=OF_TRACKED)

    def order_row(self) -> int:
        return row_id(self.purchase_order_id, "PurchaseOrder", path=("purchaseOrderId",))


@strawberry.input
class SupplierReturnLineInput:
    variant_id: strawberry.ID
    quantity: int
    from_state: StockState = StockState.AVAILABLE

    def draft(self, number: int) -> ReturnLineDraft:
        variant_id = row_id(self.variant_id, "Variant", path=("lines", number, "variantId"))
        return ReturnLineDraft(variant_id, self.quantity, self.from_state)


@strawberry.input(
    description="Give the purchase order that brought the goods, or a supplier and where the goods are."
)
class SupplierReturnCreateInput:
    lines: list[SupplierReturnLineInput]
    idempotency_key: str
    purchase_order_id: strawberry.ID | None = None
    supplier_code: str | None = None
    location_id: strawberry.ID | None = None
    note: str | None = None

    def draft(self) -> ReturnDraft:
        path = ("purchaseOrderId",)
        return ReturnDraft(
            purchase_order_id=optional_row_id(self.purchase_order_id, "PurchaseOrder", path=path),
            supplier_code=self.supplier_code,
            location_id=optional_row_id(self.location_id, *_PLACES, path=("locationId",)),
            lines=[line.draft(number) for number, line in enumerate(self.lines)],
            note=self.note,
        )


@strawberry.input
class SupplierReturnActInput:
    supplier_return_id: strawberry.ID
    note: str | None = None

    def return_row(self) -> int:
        return row_id(self.supplier_return_id, "SupplierReturn", path=("supplierReturnId",))


@strawberry.input
class SupplierReturnShipInput:
    supplier_return_id: strawberry.ID
    idempotency_key: str
    serials: list[SerialInput] | None = strawberry.field(default=None, description=OF_TRACKED)

    def return_row(self) -> int:
        return row_id(self.supplier_return_id, "SupplierReturn", path=("supplierReturnId",))


@strawberry.type
class SupplierUpsertPayload(UpsertPayload):
    pass


@strawberry.type
class PurchaseOrderPayload:
    purchase_order: PurchaseOrder | None = None
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class SupplierReturnPayload:
    supplier_return: SupplierReturn | None = None
    user_errors: list[UserError] = field(default_factory=list)
