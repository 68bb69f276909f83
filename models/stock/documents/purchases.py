"""Suppliers, purchase orders and supplier returns."""

from __future__ import annotations

from tortoise import fields

from models.keys.encryption import EncryptedText
from models.stock.documents.purchase_rules import PurchaseOrderStatus, SupplierReturnStatus
from models.stock.states import StockState
from models.tables.fields import Row, choice, minor, never_negative, reference, within


class Supplier(Row):
    """A supplier of a merchant. Contact and phone are encrypted."""

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
    """An order of goods from a supplier for one location."""

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
    def stock_location_id(self) -> int:
        return self.destination_id

    class Meta:
        table = "purchase_order"
        unique_together = (("merchant_id", "number"),)
        indexes = (("merchant_id", "id"),)
        constraints = never_negative("purchase_order", "total_minor")


class PurchaseOrderLine(Row):
    """Units of one variant at one unit cost; `returned` of those received went back to the supplier."""

    purchase_order = reference("PurchaseOrder")
    variant = reference("Variant")
    ordered = fields.IntField()
    received = fields.IntField(default=0)
    returned = fields.IntField(default=0)
    unit_cost_minor = minor()

    purchase_order_id: int
    variant_id: int

    @property
    def outstanding(self) -> int:
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
    """A return of goods to a supplier. `purchase_order` limits it to the goods of one order."""

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
    def stock_location_id(self) -> int:
        return self.location_id

    class Meta:
        table = "supplier_return"
        unique_together = (("merchant_id", "number"),)
        indexes = (("merchant_id", "id"),)


class SupplierReturnLine(Row):
    """Units of one variant in one state; `value_minor` is their value when they were shipped."""

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
