from __future__ import annotations

from dataclasses import field

import strawberry

from schema.errors import UserError
from schema.referrals.commission_types import CommissionPlan
from schema.referrals.share_types import ShareLink


@strawberry.type
class ShareLinkPayload:
    share_link: ShareLink | None = None
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class CommissionPlanPayload:
    plan: CommissionPlan | None = None
    user_errors: list[UserError] = field(default_factory=list)
