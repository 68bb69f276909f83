from __future__ import annotations

from datetime import datetime

import strawberry

from models.members.cards import CardKind
from resolvers.members.customers import CustomerDraft
from resolvers.members.members import MemberQuery
from schema.nodes.nodes import optional_row_id


@strawberry.input
class CardIssueInput:
    kind: CardKind
    quantity: int = 1
    member_id: strawberry.ID | None = None


@strawberry.input(description="A member binds to themself; staff name the member.")
class CardBindInput:
    number: str
    member_id: strawberry.ID | None = None


@strawberry.input
class CardBlockInput:
    number: str
    reason: str


@strawberry.input
class MemberIdentifyInput:
    code: str


@strawberry.input(
    one_of=True, description="The customer in front of a till or guide, in exactly one way."
)
class CustomerInput:
    member_id: strawberry.Maybe[strawberry.ID] = strawberry.field(
        description="A member whom you may see."
    )
    member_code: strawberry.Maybe[str] = strawberry.field(
        description="The rotating code on their phone; used up by the mutation that succeeds with it."
    )
    card_number: strawberry.Maybe[str] = strawberry.field(description="Their active card.")
    phone: strawberry.Maybe[str] = strawberry.field(
        description="Their whole phone number; without a country code it counts as Chinese."
    )

    def draft(self) -> CustomerDraft:
        """Raises: InvalidInput for what is no member's ID."""
        member_id = self.member_id.value if self.member_id else None
        return CustomerDraft(
            member_id=optional_row_id(member_id, "Member", path=("customer", "memberId")),
            member_code=self.member_code.value if self.member_code else None,
            card_number=self.card_number.value if self.card_number else None,
            phone=self.phone.value if self.phone else None,
        )


@strawberry.input(description="All that is given must hold.")
class MemberFilter:
    search: str | None = strawberry.field(
        default=None,
        description="The beginning of a number or a whole phone; where you may read names and"
        " phones, also a part of a name or the last four digits of a phone.",
    )
    tier_code: list[str] | None = strawberry.field(
        default=None, description="Of one of these tiers."
    )
    guide_id: strawberry.ID | None = strawberry.field(
        default=None, description="Looked after by this guide."
    )
    home_store_id: strawberry.ID | None = strawberry.field(
        default=None, description="At home in this store."
    )
    joined_from: datetime | None = strawberry.field(
        default=None, description="Joined at this moment or later."
    )
    joined_to: datetime | None = strawberry.field(
        default=None, description="Joined before this moment."
    )

    def query(self) -> MemberQuery:
        """Raises: InvalidInput for what is no such ID."""
        return MemberQuery(
            searches=() if self.search is None else (self.search,),
            tier_codes=self.tier_code,
            guide_id=optional_row_id(self.guide_id, "Staff", path=("filter", "guideId")),
            home_store_id=optional_row_id(
                self.home_store_id, "Store", path=("filter", "homeStoreId")
            ),
            joined_from=self.joined_from,
            joined_to=self.joined_to,
        )
