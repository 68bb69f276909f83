"""Tables of guests, sessions and one-time codes."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.accounts.channels import Channel
from models.tables.fields import Row, choice, never_negative


class SubjectKind(StrEnum):
    GUEST = "GUEST"
    MEMBER = "MEMBER"
    STAFF = "STAFF"


class Guest(Row):
    """A visitor; owns carts and orders until a sign-in takes them over."""

    taken_over_at = fields.DatetimeField(null=True)

    class Meta:
        table = "guest"


class Session(Row):
    """A signed-in guest, member or member of staff. Tokens are stored as SHA-256 only.

    A refresh replaces both tokens. `spent_refresh_hash` is the previous refresh token: its reuse means that
    one of the two was stolen, so the session ends. `channel` and `device` are those of the sign-in and are
    empty for sessions of earlier versions. `confirmed_at` is when a member of staff last presented password
    and second factor.
    """

    kind = choice(SubjectKind)
    subject_id = fields.BigIntField()
    access_hash = fields.CharField(max_length=64, unique=True)
    access_expires_at = fields.DatetimeField()
    refresh_hash = fields.CharField(max_length=64, unique=True)
    spent_refresh_hash = fields.CharField(max_length=64, null=True, db_index=True)
    refresh_expires_at = fields.DatetimeField()
    refreshed_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    confirmed_at = fields.DatetimeField(null=True)
    channel = choice(Channel, null=True)
    device = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "session"
        indexes = (("kind", "subject_id"),)


class OneTimeCode(Row):
    """A code sent to a phone: stored hashed, valid once, with a limited number of tries."""

    phone = fields.CharField(max_length=20)  # the number's blind index
    code_hash = fields.CharField(max_length=64)
    expires_at = fields.DatetimeField()
    tries_left = fields.IntField(default=5)
    used_at = fields.DatetimeField(null=True)

    class Meta:
        table = "one_time_code"
        indexes = (("phone", "id"),)
        constraints = never_negative("one_time_code", "tries_left")
