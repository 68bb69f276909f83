from __future__ import annotations

import strawberry

from resolvers.members import cards, codes
from schema.cost.directives import sized_by
from schema.errors import refusing
from schema.info import Info
from schema.members.inputs import (
    CardBindInput,
    CardBlockInput,
    CardIssueInput,
    MemberIdentifyInput,
)
from schema.members.payloads import (
    CardIssuePayload,
    CardPayload,
    MemberCodePayload,
    MemberPayload,
)
from schema.members.types import Member, MemberCard, MemberCode
from schema.nodes.nodes import optional_row_id


@strawberry.type
class MemberMutations:
    @sized_by("input.quantity", "cards", otherwise=1)
    @refusing(CardIssuePayload)
    async def card_issue(self, info: Info, input: CardIssueInput) -> CardIssuePayload:
        """A batch of physical cards without an owner, or one card for a member.

        Needs CARD_ISSUE.
        """
        member_id = optional_row_id(input.member_id, "Member", path=("memberId",))
        rows = await cards.issue(info.context, input.kind, input.quantity, member_id)
        return CardIssuePayload(cards=[MemberCard.of(row) for row in rows])

    @refusing(CardPayload)
    async def card_bind(self, info: Info, input: CardBindInput) -> CardPayload:
        member_id = optional_row_id(input.member_id, "Member", path=("memberId",))
        row = await cards.bind(info.context, input.number, member_id)
        return CardPayload(card=MemberCard.of(row))

    @refusing(CardPayload)
    async def card_block(self, info: Info, input: CardBlockInput) -> CardPayload:
        """From now on the card is good for nothing."""
        row = await cards.block(info.context, input.number, input.reason)
        return CardPayload(card=MemberCard.of(row))

    @refusing(MemberCodePayload)
    async def member_code_create(self, info: Info) -> MemberCodePayload:
        """A code that identifies you at a till: for a minute, and once."""
        return MemberCodePayload(member_code=MemberCode.of(await codes.create(info.context)))

    @refusing(MemberPayload)
    async def member_identify(self, info: Info, input: MemberIdentifyInput) -> MemberPayload:
        """A till scans a member code, which is used up by it, or a card. Needs MEMBER_IDENTIFY."""
        row = await codes.identify(info.context, input.code)
        return MemberPayload(member=Member.of(row))
