from __future__ import annotations

from tortoise import fields

from models.keys.encryption import EncryptedText
from models.stock.documents.purchase_rules import PurchaseOrderStatus, SupplierReturnStatus
from models.stock.states import StockState
from models.tables.fields import Row, choice, minor, never_negative, reference, within


class Supplier(Row):
    """Whom a merchant buys from."""

    merchant = reference("Organisation")
    code = fields.CharField(max_length=64)
    name = fields.CharField(max_length=200)
    encrypted_contact = fields.TextField(null=True)
    encrypted_phone = fields.TextField(null=True)
    contact = EncryptedText[str | None]("supplier")
    phone = EncryptedText[str | None]("supplier")
    active = fields.BooleanField(default=True)
    updated_at = fields.DatetimeField(auto_now=True)

    merchant_id: int

    class Meta:
        table = "supplier"
        unique_together = (("merchant_id", "code"),)


class PurchaseOrder(Row):
    """What a place has ordered from a supplier, and how much of it has come."""

    merchant = reference("Organisation")
    number = fields.CharField(max_length=32)
    status = choice(PurchaseOrderStatus)
    supplier = reference("Supplier")
    destination = reference("Location")
    created_by_kind = fields.CharField(max_length=16)
    created_by_id = fields.BigIntField(null=True)
    approved_by_kind = fields.CharField(max_length=16, null=True)
    approved_by_id = fields.BigIntField(null=True)
    note = fields.CharField(max_length=500, null=True)
    total_minor = minor()
    updated_at = fields.DatetimeField(auto_now=True)

    merchant_id: int
    supplier_id: int
    destination_id: int

    @property
    def place_id(self) -> int:
        return self.destination_id

    class Meta:
        table = "purchase_order"
        unique_together = (("merchant_id", "number"),)
        indexes = (("merchant_id", "id"),)
        constraints = never_negative("purchase_order", "total_minor")


class PurchaseOrderLine(Row):
    """Pieces of one variant at one price each; `returned` of those received have gone back."""

    purchase_order = reference("PurchaseOrder")
    variant = reference("Variant")
    ordered = fields.IntField()
    received = fields.IntField(default=0)
    returned = fields.IntField(default=0)
    unit_cost_minor = minor()

    purchase_order_id: int
    variant_id: int

    @property
    def to_come(self) -> int:
        return self.ordered - self.received

    class Meta:
        table = "purchase_order_line"
        unique_together = (("purchase_order_id", "variant_id"),)
        constraints = (
            *never_negative("purchase_order_line", "received", "returned", "unit_cost_minor"),
            within("purchase_order_line", "ordered", '"ordered" > 0'),
            within("purchase_order_line", "received_at_most", '"received" <= "ordered"'),
            within("purchase_order_line", "returned_at_most", '"returned" <= "received"'),
        )


class SupplierReturn(Row):
    """Goods that go back to a supplier, of one purchase order or of any."""

    merchant = reference("Organisation")
    number = fields.CharField(max_length=32)
    status = choice(SupplierReturnStatus)
    supplier = reference("Supplier")
    location = reference("Location")
    purchase_order = reference("PurchaseOrder", null=True)
    created_by_kind = fields.CharField(max_length=16)
    created_by_id = fields.BigIntField(null=True)
    approved_by_kind = fields.CharField(max_length=16, null=True)
    approved_by_id = fields.BigIntField(null=True)
    note = fields.CharField(max_length=500, null=True)
    updated_at = fields.DatetimeField(auto_now=True)

    merchant_id: int
    supplier_id: int
    location_id: int
    purchase_order_id: int | None

    @property
    def place_id(self) -> int:
        return self.location_id

    class Meta:
        table = "supplier_return"
        unique_together = (("merchant_id", "number"),)
        indexes = (("merchant_id", "id"),)


class SupplierReturnLine(Row):
    """Pieces of one variant out of one state; `value_minor` is what they were worth when they left."""

    supplier_return = reference("SupplierReturn")
    variant = reference("Variant")
    from_state = choice(StockState)
    quantity = fields.IntField()
    value_minor = minor(default=0)

    supplier_return_id: int
    variant_id: int

    class Meta:
        table = "supplier_return_line"
        unique_together = (("supplier_return_id", "variant_id", "from_state"),)
        constraints = (
            *never_negative("supplier_return_line", "value_minor"),
            within("supplier_return_line", "quantity", '"quantity" > 0'),
        )
