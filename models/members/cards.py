"""Tables of membership cards and member codes."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.tables.fields import Row, choice, reference


class CardKind(StrEnum):
    PHYSICAL = "PHYSICAL"
    VIRTUAL = "VIRTUAL"


class CardStatus(StrEnum):
    ISSUED = "ISSUED"
    ACTIVE = "ACTIVE"
    BLOCKED = "BLOCKED"
    REPLACED = "REPLACED"


class MemberCard(Row):
    merchant = reference("Organisation")
    number = fields.CharField(max_length=32, unique=True)
    kind = choice(CardKind)
    status = choice(CardStatus)
    member = reference("Member", null=True)
    blocked_because = fields.CharField(max_length=200, null=True)

    merchant_id: int
    member_id: int | None

    class Meta:
        table = "member_card"


class MemberCode(Row):
    """A single-use code that a till scans in place of a card: stored hashed, valid for a minute."""

    member = reference("Member")
    code_hash = fields.CharField(max_length=64, unique=True)
    expires_at = fields.DatetimeField()
    used_at = fields.DatetimeField(null=True)

    member_id: int

    class Meta:
        table = "member_code"
