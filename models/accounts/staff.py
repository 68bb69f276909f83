from __future__ import annotations

from tortoise import fields

from models.accounts.roles import Role
from models.fields import Row, choice, reference


class Staff(Row):
    username = fields.CharField(max_length=64, unique=True)
    password_hash = fields.CharField(max_length=200)
    name = fields.CharField(max_length=100)
    active = fields.BooleanField(default=True)
    last_sign_in_at = fields.DatetimeField(null=True)

    class Meta:
        table = "staff"


class StaffGrant(Row):
    """A role of a member of staff on a node of the tree; it holds on every node below."""

    staff = reference("Staff")
    role = choice(Role)
    organisation = reference("Organisation")

    staff_id: int
    organisation_id: int

    class Meta:
        table = "staff_grant"
        unique_together = (("staff_id", "role", "organisation_id"),)
