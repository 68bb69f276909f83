"""Tables of members and their tiers."""

from __future__ import annotations

from tortoise import fields

from models.accounts.channels import Channel
from models.keys.encryption import EncryptedText
from models.tables.fields import Row, choice, never_negative, reference


class Tier(Row):
    """A rank of members. `discount_percent` is the percentage taken off, `"5.00"` for 5 %."""

    merchant = reference("Organisation")
    code = fields.CharField(max_length=32)
    name = fields.CharField(max_length=100)
    level = fields.IntField()
    growth_required = fields.IntField(default=0)
    discount_percent = fields.CharField(max_length=8, default="0.00")
    points_multiplier = fields.CharField(max_length=8, default="1.00")

    merchant_id: int

    class Meta:
        table = "tier"
        unique_together = (("merchant_id", "code"), ("merchant_id", "level"))
        constraints = never_negative("tier", "level", "growth_required")


class Member(Row):
    """One customer of one merchant, the same in every channel.

    `home_store` and `guide` are those the member is bound to now; orders store their own copy. Phones are
    unique within a merchant by the index in `MemberPhone`.
    """

    merchant = reference("Organisation")
    number = fields.CharField(max_length=32, unique=True)
    encrypted_phone = fields.TextField(null=True)
    phone = EncryptedText[str | None]("member")
    name = fields.CharField(max_length=100)
    tier = reference("Tier")
    home_store = reference("Location", null=True)
    guide = reference("Staff", null=True)
    referral_token = fields.CharField(max_length=32, unique=True)
    distributor = fields.BooleanField(default=True)
    joined_via = choice(Channel)

    merchant_id: int
    tier_id: int
    home_store_id: int | None
    guide_id: int | None

    class Meta:
        table = "member"
