from __future__ import annotations

from dataclasses import field

import strawberry

from schema.errors import UserError
from schema.members.types import Member, MemberCard, MemberCode


@strawberry.type
class CardIssuePayload:
    cards: list[MemberCard] = field(default_factory=list)
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class CardPayload:
    card: MemberCard | None = None
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class MemberCodePayload:
    member_code: MemberCode | None = None
    user_errors: list[UserError] = field(default_factory=list)


@strawberry.type
class MemberPayload:
    member: Member | None = None
    user_errors: list[UserError] = field(default_factory=list)
