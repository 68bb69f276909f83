from __future__ import annotations

import strawberry

from resolvers.referrals import binding, bindings, plans, share_links
from resolvers.referrals.plans import PlanDraft
from resolvers.referrals.share_links import ShareDraft
from schema.errors import refusing
from schema.info import Info
from schema.members.payloads import MemberPayload
from schema.members.types import Member
from schema.nodes.nodes import optional_row_id
from schema.referrals.commission_types import CommissionPlan
from schema.referrals.inputs import (
    CommissionPlanSetInput,
    ReferralBindInput,
    ShareLinkCreateInput,
)
from schema.referrals.payloads import CommissionPlanPayload, ShareLinkPayload
from schema.referrals.share_types import ShareLink


@strawberry.type
class ReferralMutations:
    @refusing(ShareLinkPayload)
    async def share_link_create(self, info: Info, input: ShareLinkCreateInput) -> ShareLinkPayload:
        """Your link to something; sharing the same again answers the same link."""
        draft = ShareDraft(
            target=input.target,
            product_id=optional_row_id(input.product_id, "Product", path=("productId",)),
            store_id=optional_row_id(input.store_id, "Store", path=("storeId",)),
            cart_id=optional_row_id(input.cart_id, "Cart", path=("cartId",)),
            order_id=optional_row_id(input.order_id, "Order", path=("orderId",)),
        )
        row = await share_links.create(info.context, draft)
        return ShareLinkPayload(share_link=ShareLink.of(row, info.context))

    @refusing(MemberPayload)
    async def referral_bind(self, info: Info, input: ReferralBindInput) -> MemberPayload:
        """Bind yourself to whoever shared a link, or whose token it is."""
        row = await binding.bind_by_token(info.context, input.token)
        return MemberPayload(member=Member.of(row))

    @refusing(MemberPayload)
    async def distributor_apply(self, info: Info) -> MemberPayload:
        """Earn commissions from now on."""
        row = await bindings.apply_as_distributor(info.context)
        return MemberPayload(member=Member.of(row))

    @refusing(CommissionPlanPayload)
    async def commission_plan_set(
        self, info: Info, input: CommissionPlanSetInput
    ) -> CommissionPlanPayload:
        """Replace a merchant's plan; what has been paid already keeps the rates of its time.

        Needs COMMISSION_PLAN_WRITE.
        """
        draft = PlanDraft(
            levels=[(each.level, each.rate) for each in input.levels],
            guide_rate=input.guide_rate,
            bounty=input.guide_registration_bounty,
            freeze_days=input.freeze_days,
            self_purchase=input.self_purchase,
            binding_days=input.binding_days,
            protected_days=input.protected_days,
        )
        organisation_id = optional_row_id(
            input.organisation_id, "Organisation", path=("organisationId",)
        )
        plan = await plans.set_plan(info.context, organisation_id, draft)
        return CommissionPlanPayload(plan=CommissionPlan.of(plan))
