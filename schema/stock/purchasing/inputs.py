"""The inputs of mutations of suppliers, purchase orders and supplier returns."""

from __future__ import annotations

from decimal import Decimal

import strawberry

from models.stock.states import StockState
from resolvers.bulk_rows import OnError
from resolvers.stock.purchasing.order_steps import PurchaseDraft, PurchaseLineDraft
from resolvers.stock.purchasing.return_steps import ReturnDraft, ReturnLineDraft
from resolvers.stock.purchasing.suppliers import SupplierDraft
from schema.batches import UpsertPayload, kept_if_unset
from schema.catalog.inputs import VariantQuantityInput
from schema.nodes.nodes import optional_row_id, row_id
from schema.nulls import never_null, none_if_unset
from schema.stock.serials.inputs import OF_TRACKED, SerialInput

_PLACES = ("Store", "Warehouse")


@strawberry.input(
    description="A supplier by its code. What is left out stays as it is; null empties it."
)
class SupplierUpsertRow:
    """One supplier."""

    code: str
    name: str
    contact: str | None = strawberry.UNSET
    phone: str | None = strawberry.UNSET
    active: bool | None = never_null()

    def draft(self) -> SupplierDraft:
        """Return the row as the use case expects it."""
        return SupplierDraft(
            code=self.code,
            name=self.name,
            contact=kept_if_unset(self.contact),
            phone=kept_if_unset(self.phone),
            active=none_if_unset(self.active),
        )


@strawberry.input
class SupplierUpsertInput:
    """The rows of `supplierUpsert`."""

    suppliers: list[SupplierUpsertRow]
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False


@strawberry.input
class PurchaseOrderLineInput:
    """One variant that is ordered, at one price."""

    variant_id: strawberry.ID
    quantity: int
    unit_cost: Decimal

    def draft(self, number: int) -> PurchaseLineDraft:
        """Return the input as the use case expects it. Raises: InvalidInput for what is no ID."""
        variant_id = row_id(self.variant_id, "Variant", path=("lines", number, "variantId"))
        return PurchaseLineDraft(variant_id, self.quantity, self.unit_cost)


@strawberry.input(
    description="A supplier that is not known yet is made; its name is the code then."
)
class PurchaseOrderCreateInput:
    """A purchase order."""

    supplier_code: str
    destination_id: strawberry.ID
    lines: list[PurchaseOrderLineInput]
    idempotency_key: str
    supplier_name: str | None = None
    note: str | None = None

    def draft(self) -> PurchaseDraft:
        """Return the input as the use case expects it. Raises: InvalidInput for what is no ID."""
        return PurchaseDraft(
            supplier_code=self.supplier_code,
            supplier_name=self.supplier_name,
            destination_id=row_id(self.destination_id, *_PLACES, path=("destinationId",)),
            lines=[line.draft(number) for number, line in enumerate(self.lines)],
            note=self.note,
        )


@strawberry.input
class PurchaseOrderStepInput:
    """A step of one purchase order."""

    purchase_order_id: strawberry.ID

    def row_id(self) -> int:
        """Return the row ID of the document. Raises: InvalidInput."""
        return row_id(self.purchase_order_id, "PurchaseOrder", path=("purchaseOrderId",))


@strawberry.input
class PurchaseOrderActInput(PurchaseOrderStepInput):
    """A step of a purchase order that needs nothing but a note."""

    note: str | None = None


@strawberry.input
class PurchaseOrderReceiveInput(PurchaseOrderStepInput):
    """What has arrived of a purchase order."""

    lines: list[VariantQuantityInput]
    idempotency_key: str
    serials: list[SerialInput] | None = strawberry.field(default=None, description=OF_TRACKED)


@strawberry.input
class SupplierReturnLineInput:
    """Pieces of one variant in one state that go back."""

    variant_id: strawberry.ID
    quantity: int
    from_state: StockState = StockState.AVAILABLE

    def draft(self, number: int) -> ReturnLineDraft:
        """Return the input as the use case expects it. Raises: InvalidInput for what is no ID."""
        variant_id = row_id(self.variant_id, "Variant", path=("lines", number, "variantId"))
        return ReturnLineDraft(variant_id, self.quantity, self.from_state)


@strawberry.input(
    description="Give the purchase order that brought the goods, or a supplier and where the goods are."
)
class SupplierReturnCreateInput:
    """A supplier return."""

    lines: list[SupplierReturnLineInput]
    idempotency_key: str
    purchase_order_id: strawberry.ID | None = None
    supplier_code: str | None = None
    location_id: strawberry.ID | None = None
    note: str | None = None

    def draft(self) -> ReturnDraft:
        """Return the input as the use case expects it. Raises: InvalidInput for what is no ID."""
        path = ("purchaseOrderId",)
        return ReturnDraft(
            purchase_order_id=optional_row_id(self.purchase_order_id, "PurchaseOrder", path=path),
            supplier_code=self.supplier_code,
            location_id=optional_row_id(self.location_id, *_PLACES, path=("locationId",)),
            lines=[line.draft(number) for number, line in enumerate(self.lines)],
            note=self.note,
        )


@strawberry.input
class SupplierReturnStepInput:
    """A step of one supplier return."""

    supplier_return_id: strawberry.ID

    def row_id(self) -> int:
        """Return the row ID of the document. Raises: InvalidInput."""
        return row_id(self.supplier_return_id, "SupplierReturn", path=("supplierReturnId",))


@strawberry.input
class SupplierReturnActInput(SupplierReturnStepInput):
    """A step of a supplier return that needs nothing but a note."""

    note: str | None = None


@strawberry.input
class SupplierReturnShipInput(SupplierReturnStepInput):
    """The shipment of a supplier return."""

    idempotency_key: str
    serials: list[SerialInput] | None = strawberry.field(default=None, description=OF_TRACKED)


@strawberry.type
class SupplierUpsertPayload(UpsertPayload):
    """The results of adding or changing suppliers."""
