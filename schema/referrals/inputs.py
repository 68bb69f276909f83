from __future__ import annotations

from decimal import Decimal

import strawberry

from models.referrals.rules import ShareTarget


@strawberry.input
class ShareLinkCreateInput:
    target: ShareTarget
    product_id: strawberry.ID | None = None
    store_id: strawberry.ID | None = strawberry.field(
        default=None, description="The store shared; for staff, the store that they share for."
    )
    cart_id: strawberry.ID | None = None
    order_id: strawberry.ID | None = None


@strawberry.input
class ReferralBindInput:
    token: str


@strawberry.input
class CommissionLevelInput:
    level: int
    rate: Decimal


@strawberry.input(description="Rates are fractions of what was paid: 0.05 is 5 %.")
class CommissionPlanSetInput:
    levels: list[CommissionLevelInput]
    freeze_days: int
    organisation_id: strawberry.ID | None = None
    guide_rate: Decimal | None = None
    guide_registration_bounty: Decimal | None = None
    self_purchase: bool = False
    binding_days: int | None = strawberry.field(
        default=None, description="How long a binding to an upline holds; empty: for life."
    )
    protected_days: int | None = strawberry.field(
        default=None,
        description="How long no other link can take a member over; empty: while the binding holds.",
    )
