"""Tables of staff, their recovery codes and their roles."""

from __future__ import annotations

from tortoise import fields

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
