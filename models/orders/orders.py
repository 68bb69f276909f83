"""Tables of orders, their lines and history."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tortoise import fields

from models.accounts.channels import Channel
from models.keys.encryption import EncryptedJson, EncryptedText, ring
from models.members.phones import ENDING_DIGITS, INDEX_LENGTH
from models.orders.states import OrderStatus
from models.tables.fields import Row, choice, minor, never_negative, reference, within

_ENDING = "sales_order.address phone ending"


class Order(Row):
    """A sale. Amounts are minor units of CNY; `attribution_*` is whom it is credited to, fixed at
    placement.

    `created_at` is when it was placed, through the client application `storefront_id`. An unpaid order is
    void from `hold_expires_at` on. `recipient_ending` is the blind index of the last four digits of the
    phone in the address, by the key that encrypts the address.
    """

    merchant = reference("Organisation")
    number = fields.CharField(max_length=32, unique=True)
    status = choice(OrderStatus)
    channel = choice(Channel)
    member = reference("Member", null=True)
    guest = reference("Guest", null=True)
    cart = reference("Cart", null=True)
    goods_minor = minor()
    discount_minor = minor(default=0)
    delivery_minor = minor(default=0)
    payable_minor = minor()
    paid_minor = minor(default=0)
    refunded_minor = minor(default=0)
    attribution_store = reference("Location", null=True)
    attribution_guide = reference("Staff", null=True)
    attribution_referrer = reference("Member", null=True)
    share_link = reference("ShareLink", null=True)
    storefront_id = fields.BigIntField(null=True, db_index=True)
    encrypted_address = fields.TextField(null=True)
    encrypted_remark = fields.TextField(null=True)
    recipient_ending = fields.CharField(max_length=INDEX_LENGTH, null=True)
    address = EncryptedJson[dict[str, Any] | None]("sales_order")
    remark = EncryptedText[str | None]("sales_order")
    hold_expires_at = fields.DatetimeField(null=True)
    paid_at = fields.DatetimeField(null=True)
    completes_at = fields.DatetimeField(null=True)
    completed_at = fields.DatetimeField(null=True)
    cancelled_at = fields.DatetimeField(null=True)
    updated_at = fields.DatetimeField(auto_now=True)

    merchant_id: int
    member_id: int | None
    guest_id: int | None
    cart_id: int | None
    attribution_store_id: int | None
    attribution_guide_id: int | None
    attribution_referrer_id: int | None
    share_link_id: int | None

    class Meta:
        table = "sales_order"
        indexes = (
            ("status", "hold_expires_at"),
            ("status", "completes_at"),
            ("merchant_id", "id"),
            ("merchant_id", "updated_at", "id"),
            ("merchant_id", "recipient_ending"),
        )
        constraints = (
            *never_negative(
                "sales_order",
                "goods_minor",
                "discount_minor",
                "delivery_minor",
                "payable_minor",
                "paid_minor",
                "refunded_minor",
            ),
            within("sales_order", "refunded_at_most_paid", '"refunded_minor" <= "paid_minor"'),
            within(
                "sales_order",
                "adds_up",
                '"payable_minor" = "goods_minor" - "discount_minor" + "delivery_minor"',
            ),
        )


def recipient_ending(address: Mapping[str, Any] | None) -> str | None:
    """Return the index that finds an order with this address, None if it has no phone."""
    digits = [each for each in (address or {}).get("phone") or "" if each in "0123456789"]
    if len(digits) < ENDING_DIGITS:
        return None
    return ring().first.index(_ENDING, "".join(digits[-ENDING_DIGITS:]))


def recipient_endings(digits: str) -> list[str]:
    """Return the possible indexes of orders to a phone with these last four digits, one for each key."""
    return list(ring().indexes(_ENDING, digits).values())


class OrderLine(Row):
    """A variant sold at a price; `name` and `sku` are those at the time of the sale."""

    order = reference("Order")
    variant = reference("Variant")
    sku = fields.CharField(max_length=64)
    name = fields.CharField(max_length=400)
    quantity = fields.IntField()
    unit_price_minor = minor()
    discount_minor = minor(default=0)
    total_minor = minor()
    fulfilled = fields.IntField(default=0)
    returned = fields.IntField(default=0)

    order_id: int
    variant_id: int

    class Meta:
        table = "order_line"
        unique_together = (("order_id", "variant_id"),)
        constraints = (
            *never_negative(
                "order_line",
                "unit_price_minor",
                "discount_minor",
                "total_minor",
                "fulfilled",
                "returned",
            ),
            within("order_line", "quantity", '"quantity" > 0'),
            within("order_line", "fulfilled_at_most", '"fulfilled" <= "quantity"'),
            within(
                "order_line",
                "adds_up",
                '"total_minor" = "unit_price_minor" * "quantity" - "discount_minor"',
            ),
        )


class OrderEvent(Row):
    """One entry of an order's history, at `created_at`."""

    order = reference("Order")
    actor_kind = fields.CharField(max_length=16)
    actor_id = fields.BigIntField(null=True)
    from_status = fields.CharField(max_length=24, null=True)
    to_status = fields.CharField(max_length=24)
    note = fields.CharField(max_length=500, null=True)

    order_id: int

    class Meta:
        table = "order_event"
