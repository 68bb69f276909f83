"""Tables of carts and their lines."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.accounts.channels import Channel
from models.tables.fields import Row, choice, reference, within


class CartStatus(StrEnum):
    OPEN = "OPEN"
    MERGED = "MERGED"
    ORDERED = "ORDERED"


class Cart(Row):
    """A cart, identical for everyone it belongs to: a guest or a member, and the guide who started it.

    A customer has one open cart at a merchant, ensured by two partial unique indexes. `merged_into_id` is
    the cart that the customer's own lines moved to when they claimed another cart, so that their other
    devices follow.
    """

    merchant = reference("Organisation")
    token = fields.CharField(max_length=40, unique=True)
    status = choice(CartStatus, default=CartStatus.OPEN)
    channel = choice(Channel)
    member = reference("Member", null=True)
    guest = reference("Guest", null=True)
    guide = reference("Staff", null=True)
    merged_into_id = fields.BigIntField(null=True)
    version = fields.IntField(default=1)
    updated_at = fields.DatetimeField(auto_now=True)

    merchant_id: int
    member_id: int | None
    guest_id: int | None
    guide_id: int | None

    class Meta:
        table = "cart"


class CartLine(Row):
    cart = reference("Cart")
    variant = reference("Variant")
    quantity = fields.IntField()
    added_in = choice(Channel)
    added_by = reference("Staff", null=True)

    cart_id: int
    variant_id: int
    added_by_id: int | None

    class Meta:
        table = "cart_line"
        unique_together = (("cart_id", "variant_id"),)
        constraints = (within("cart_line", "quantity", '"quantity" > 0'),)
