from __future__ import annotations

from tortoise import fields

from models.fields import Row, reference, within


class ReferralBinding(Row):
    """Whom a member was brought by, from `created_at` until `ended_at`; one at a time is open.

    `upline` is the member above in the tree; a guide or a store binds without one. `open_key` is the
    member's ID while the binding stands and empty afterwards: its uniqueness keeps it one at a time.
    """

    member = reference("Member")
    upline = reference("Member", null=True)
    guide = reference("Staff", null=True)
    store = reference("Location", null=True)
    share_link = reference("ShareLink", null=True)
    through = fields.CharField(max_length=24)
    open_key = fields.BigIntField(null=True, unique=True)
    ended_at = fields.DatetimeField(null=True)

    member_id: int
    upline_id: int | None
    guide_id: int | None
    store_id: int | None
    share_link_id: int | None

    class Meta:
        table = "referral_binding"
        indexes = (("upline_id", "open_key"),)
        constraints = (
            within(
                "referral_binding",
                "not_to_oneself",
                '"upline_id" IS NULL OR "upline_id" <> "member_id"',
            ),
        )


class ReferralTreeLock(Row):
    """One row a merchant: whoever binds holds its lock, so that no two binds close a cycle together."""

    merchant = reference("Organisation", unique=True)

    class Meta:
        table = "referral_tree_lock"
