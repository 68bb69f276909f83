"""Tables of commission plans and commissions."""

from __future__ import annotations

from tortoise import fields

from models.referrals.rules import CommissionKind, CommissionStatus
from models.tables.fields import Row, choice, minor, never_negative, reference, within


class CommissionPlan(Row):
    """The commission rates of a merchant or a node below it. Rates are decimals as text: `"0.0500"`."""

    organisation = reference("Organisation")
    guide_rate = fields.CharField(max_length=12, default="0")
    guide_registration_bounty_minor = minor(default=0)
    freeze_days = fields.IntField(default=7)
    self_purchase = fields.BooleanField(default=False)
    binding_days = fields.IntField(null=True)
    protected_days = fields.IntField(null=True)

    organisation_id: int

    class Meta:
        table = "commission_plan"
        unique_together = (("organisation_id",),)
        constraints = never_negative(
            "commission_plan",
            "guide_registration_bounty_minor",
            "freeze_days",
            "binding_days",
            "protected_days",
        )


class CommissionLevel(Row):
    """The rate of one level of a plan. More than three levels are a pyramid scheme and are refused."""

    plan = reference("CommissionPlan")
    level = fields.IntField()
    rate = fields.CharField(max_length=12)

    plan_id: int

    class Meta:
        table = "commission_level"
        unique_together = (("plan_id", "level"),)
        constraints = (within("commission_level", "three_at_most", '"level" BETWEEN 1 AND 3'),)


class Commission(Row):
    """What one payee earns from one order, fixed at payment. `payee_key` is `"MEMBER:7"` or `"STAFF:3"`.

    `order_id` refers to a table of `models.orders`, which this package may not import; it is empty for a
    registration bounty.
    """

    merchant = reference("Organisation")
    kind = choice(CommissionKind)
    status = choice(CommissionStatus)
    level = fields.IntField(default=0)
    payee_key = fields.CharField(max_length=32)
    member = reference("Member", null=True)
    staff = reference("Staff", null=True)
    order_id = fields.BigIntField(null=True)
    source_member = reference("Member", null=True)
    base_minor = minor()
    rate = fields.CharField(max_length=12)
    amount_minor = minor()
    reversed_minor = minor(default=0)
    available_at = fields.DatetimeField(null=True)

    merchant_id: int
    member_id: int | None
    staff_id: int | None
    source_member_id: int | None

    class Meta:
        table = "commission"
        unique_together = (("order_id", "kind", "level", "payee_key"),)
        indexes = (("payee_key", "status", "id"), ("status", "available_at"))
        constraints = (
            *never_negative("commission", "base_minor", "amount_minor", "reversed_minor"),
            within("commission", "three_at_most", '"level" BETWEEN 0 AND 3'),
            within("commission", "reversed_at_most", '"reversed_minor" <= "amount_minor"'),
            within("commission", "one_payee", '("member_id" IS NULL) <> ("staff_id" IS NULL)'),
        )
