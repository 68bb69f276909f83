"""Lookup of members by phone: the number is encrypted, its blind indexes are not."""

from __future__ import annotations

from dataclasses import dataclass

from tortoise import fields

from models.keys.encryption import INDEX_BYTES, ring
from models.tables.fields import Row, reference

INDEX_LENGTH = INDEX_BYTES * 4 // 3
_WHOLE, _ENDING = "member.phone", "member.phone ending"
ENDING_DIGITS = 4


class MemberPhone(Row):
    """The blind indexes of a member's phone by one key: of the whole number and of its last four digits.

    A member has one row for each key used since. `whole` is unique within a merchant. The row is inserted
    before its member, so `member_id` is no foreign key.
    """

    merchant = reference("Organisation")
    member_id = fields.BigIntField(db_index=True)
    kid = fields.CharField(max_length=32)
    whole = fields.CharField(max_length=INDEX_LENGTH)
    ending = fields.CharField(max_length=INDEX_LENGTH)

    merchant_id: int

    class Meta:
        table = "member_phone"
        unique_together = (("merchant_id", "whole"),)
        indexes = (("merchant_id", "ending"),)


@dataclass(frozen=True, slots=True)
class PhoneIndex:
    """The two blind indexes of a phone by the key `kid`."""

    kid: str
    whole: str
    ending: str


def indexes_of(phone: str) -> list[PhoneIndex]:
    """Return the indexes of a phone by every key of the ring, in the order of the keys."""
    return [
        PhoneIndex(key.kid, key.index(_WHOLE, phone), key.index(_ENDING, phone[-ENDING_DIGITS:]))
        for key in ring().keys
    ]


def endings_of(digits: str) -> list[str]:
    """Return the possible indexes of a phone with these last four digits."""
    return list(ring().indexes(_ENDING, digits).values())
