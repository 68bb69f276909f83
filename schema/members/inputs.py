from __future__ import annotations

import strawberry

from models.members.cards import CardKind


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
