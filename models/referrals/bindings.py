"""Tables of referral bindings and the lock of the referral tree."""

from __future__ import annotations

from enum import StrEnum

from tortoise import fields

from models.tables.fields import Row, choice, reference, within


class BindingKind(StrEnum):
    UPLINE = "UPLINE"
    STORE = "STORE"


class ReferralBinding(Row):
    """The upline or store that a member is bound to, from `created_at` until `ended_at`.

    An UPLINE binding has the member above in the tree. A STORE binding has the store and, if a guide
    brought the member, the guide. A member may have one of each. `open_key` is the member's ID while the
    binding is in force and empty afterwards; its uniqueness allows only one at a time. An UPLINE binding
    for a limited time has its end in `ended_at` from the start.
    """

    kind = choice(BindingKind)
    member = reference("Member")
    upline = reference("Member", null=True)
    guide = reference("Staff", null=True)
    store = reference("Location", null=True)
    share_link = reference("ShareLink", null=True)
    through = fields.CharField(max_length=24)
    open_key = fields.BigIntField(null=True)
    ended_at = fields.DatetimeField(null=True)

    member_id: int
    upline_id: int | None
    guide_id: int | None
    store_id: int | None
    share_link_id: int | None

    class Meta:
        table = "referral_binding"
        unique_together = (("open_key", "kind"),)
        indexes = (("upline_id", "open_key"),)
        constraints = (
            within(
                "referral_binding",
                "to_somebody",
                '("kind" = \'UPLINE\' AND "upline_id" IS NOT NULL AND "store_id" IS NULL'
                ' AND "guide_id" IS NULL) OR ("kind" = \'STORE\' AND "upline_id" IS NULL'
                ' AND "store_id" IS NOT NULL)',
            ),
            within(
                "referral_binding",
                "not_to_oneself",
                '"upline_id" IS NULL OR "upline_id" <> "member_id"',
            ),
        )


class ReferralTreeLock(Row):
    """One row for each merchant; its lock serialises bindings, so that no two of them close a cycle."""

    merchant = reference("Organisation")

    class Meta:
        table = "referral_tree_lock"
        unique_together = (("merchant_id",),)
