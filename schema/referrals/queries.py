from __future__ import annotations

import strawberry

from resolvers.referrals import plans, share_links
from schema.info import Info
from schema.nodes.nodes import optional_row_id
from schema.referrals.commission_types import CommissionPlan
from schema.referrals.share_types import ShareLink


@strawberry.type
class ReferralQueries:
    @strawberry.field
    async def commission_plan(
        self, info: Info, organisation_id: strawberry.ID | None = None
    ) -> CommissionPlan | None:
        """The plan in force for an organisation, your merchant unless you name another."""
        wanted = optional_row_id(organisation_id, "Organisation", path=("organisationId",))
        plan = await plans.get(info.context, wanted)
        return CommissionPlan.of(plan) if plan else None

    @strawberry.field
    async def share_link(self, info: Info, token: str) -> ShareLink | None:
        """What somebody shared; asking for it counts as opening it."""
        row = await share_links.open_link(info.context, token)
        return ShareLink.of(row, info.context) if row else None
