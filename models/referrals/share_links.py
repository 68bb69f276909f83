"""The table of share links."""

from __future__ import annotations

from tortoise import fields

from models.referrals.rules import ShareTarget
from models.tables.fields import Row, choice, reference


class ShareLink(Row):
    """A short token that records who shared what.

    Either `member` or `staff` shared it. `cart_id` and `order_id` refer to tables of `models.orders`, which
    this package may not import.
    """

    merchant = reference("Organisation")
    token = fields.CharField(max_length=32, unique=True)
    target = choice(ShareTarget)
    product = reference("Product", null=True)
    store = reference("Location", null=True)
    cart_id = fields.BigIntField(null=True)
    order_id = fields.BigIntField(null=True)
    member = reference("Member", null=True)
    staff = reference("Staff", null=True)
    opens = fields.IntField(default=0)
    orders = fields.IntField(default=0)

    merchant_id: int
    product_id: int | None
    store_id: int | None
    member_id: int | None
    staff_id: int | None

    class Meta:
        table = "share_link"
