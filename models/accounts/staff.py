"""Tables of staff, their recovery codes and their roles."""

from __future__ import annotations

from datetime import datetime

from tortoise import fields
from tortoise.queryset import QuerySet

from models.accounts.roles import Role
from models.keys.encryption import EncryptedText
from models.tables.fields import Row, choice, reference


class Staff(Row):
    """A member of staff.

    `second_factor_at` is when the second factor was enabled; until then its secret is only proposed.
    `second_factor_step` is the time step of the last used code; codes of earlier steps are refused.
    """

    username = fields.CharField(max_length=64, unique=True)
    password_hash = fields.CharField(max_length=200)
    name = fields.CharField(max_length=100)
    active = fields.BooleanField(default=True)
    last_sign_in_at = fields.DatetimeField(null=True)
    encrypted_second_factor_secret = fields.CharField(max_length=300, null=True)
    second_factor_at = fields.DatetimeField(null=True)
    second_factor_step = fields.BigIntField(null=True)

    encrypted_phone = fields.TextField(null=True)

    second_factor_secret = EncryptedText[str | None]("staff")
    phone = EncryptedText[str | None]("staff")

    class Meta:
        table = "staff"


class RecoveryCode(Row):
    """A single-use replacement for a code of the second factor, stored as SHA-256 only."""

    staff = reference("Staff")
    code_hash = fields.CharField(max_length=64)
    used_at = fields.DatetimeField(null=True)

    staff_id: int

    class Meta:
        table = "recovery_code"
        unique_together = (("staff_id", "code_hash"),)


class StaffGrant(Row):
    """A role of a member of staff on a node of the tree and all nodes below."""

    staff = reference("Staff")
    role = choice(Role)
    organisation = reference("Organisation")

    staff_id: int
    organisation_id: int

    class Meta:
        table = "staff_grant"
        unique_together = (("staff_id", "role", "organisation_id"),)


class StaffInvitation(Row):
    """A way in for somebody who has no password: a token sent to their phone, kept as SHA-256 only.

    It has no token before it is sent. `inviter` and `revoker` are who did so.
    """

    staff = reference("Staff")
    token_hash = fields.CharField(max_length=64, null=True)
    expires_at = fields.DatetimeField()
    sent_at = fields.DatetimeField(null=True)
    accepted_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)
    inviter_kind = fields.CharField(max_length=16)
    inviter_id = fields.BigIntField(null=True)
    revoker_kind = fields.CharField(max_length=16, null=True)
    revoker_id = fields.BigIntField(null=True)

    staff_id: int

    class Meta:
        table = "staff_invitation"
        unique_together = (("token_hash",),)

    @classmethod
    def open_at(cls, now: datetime) -> QuerySet[StaffInvitation]:
        """Return the invitations that can still be accepted."""
        return cls.filter(accepted_at=None, revoked_at=None, expires_at__gt=now)
