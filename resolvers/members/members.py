"""Members: finding them, as far as the caller may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from models.accounts.roles import Permission
from models.errors import InvalidInput, NotFound
from models.members.cards import MemberCard
from models.members.members import Member
from models.members.numbers import is_valid_card_number
from models.members.phones import ENDING_DIGITS
from models.text.chinese import spellings
from models.text.codes import number_of
from resolvers.background.outbox import Change
from resolvers.context import Context
from resolvers.members import phones, visibility
from resolvers.orm_pagination import Page, PageRequest, paginate
from resolvers.permissions import for_anyone, requires
from resolvers.sql_pagination import kept
from resolvers.tallies import QueryTally
from resolvers.validation import phone_of, text_of

MOST_SPELLINGS = 32
"""A name that is searched for is looked up in so many ways to write it, traditional and simplified."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberQuery:
    """What a list is cut to; what is None cuts nothing. `joined_to` is exclusive."""

    searches: Sequence[str] = ()
    tier_codes: Sequence[str] | None = None
    guide_id: int | None = None
    home_store_id: int | None = None
    joined_from: datetime | None = None
    joined_to: datetime | None = None


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Member]:
    """The members with these IDs that the caller may see."""
    if not ids:
        return {}
    members = await Member.filter(id__in=set(ids))
    seen = await visibility.of_members(ctx, members)
    return {member.id: member for member in members if member.id in seen}


@for_anyone
async def named_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Member]:
    """Those of them whose phone the caller has given; what is shown of them is `sight.SOMEBODY`."""
    wanted = visibility.named(ctx).intersection(ids)
    return {row.id: row for row in await Member.filter(id__in=wanted)} if wanted else {}


@for_anyone
async def get(ctx: Context, member_id: int) -> Member:
    """Raises: NotFound, which is also the answer for a member whom the caller may not see."""
    if member := (await by_ids(ctx, [member_id])).get(member_id):
        return member
    raise NotFound("There is no such member.", path=("memberId",))


@for_anyone
async def find(
    ctx: Context, member_id: int | None, number: str | None, card_number: str | None
) -> Member | None:
    """The member with this ID, number or card. Raises: InvalidInput unless one of the three is given."""
    if sum(each is not None for each in (member_id, number, card_number)) != 1:
        raise InvalidInput("Give the id, the number or the cardNumber.", path=("id",))
    if number is not None:
        member = await Member.filter(number=number_of(number), merchant_id=ctx.merchant_id).first()
        member_id = member.id if member else None
    if card_number is not None:
        card = await MemberCard.filter(
            number=number_of(card_number), merchant_id=ctx.merchant_id
        ).first()
        member_id = card.member_id if card else None
    return (await by_ids(ctx, [member_id])).get(member_id) if member_id is not None else None


@for_anyone
async def me(ctx: Context) -> Member | None:
    return await Member.filter(id=ctx.member_id).first() if ctx.member_id is not None else None


@requires(Permission.MEMBER_READ)
async def page(ctx: Context, wanted: MemberQuery, request: PageRequest) -> Page[Member]:
    """The wanted of the members of the caller's territory, the latest first.

    A text to search is the beginning of a number, or a whole phone or card number; where the caller may
    read names and phones, also a part of a name or the last four digits of a phone. It is no way round
    the mask.
    """
    query = _listed(ctx, wanted)
    return await paginate(query, request, ("-id",), f"members {wanted}")


@requires(Permission.MEMBER_READ)
async def tally(ctx: Context, wanted: MemberQuery) -> QueryTally[Member]:
    """The count of the whole list."""
    query = _listed(ctx, wanted)
    return QueryTally(query, query)


def change_of(member: Member) -> Change:
    return Change(
        topic="member.changed",
        node_type="Member",
        node_id=member.id,
        merchant_id=member.merchant_id,
        location_id=member.home_store_id,
        subject=f"MEMBER:{member.id}",
    )


def _listed(ctx: Context, wanted: MemberQuery) -> QuerySet[Member]:
    query = Member.filter(
        visibility.territory(ctx, Permission.MEMBER_READ), merchant_id=ctx.merchant_id
    )
    for text in wanted.searches:
        query = query.filter(_matches(ctx, text_of(text, ("filter", "search"), 64)))
    if wanted.tier_codes is not None:
        query = query.filter(tier__code__in=sorted(set(map(kept, wanted.tier_codes))))
    columns = {
        "guide_id": wanted.guide_id,
        "home_store_id": wanted.home_store_id,
        "created_at__gte": wanted.joined_from,
        "created_at__lt": wanted.joined_to,
    }
    return query.filter(**{name: value for name, value in columns.items() if value is not None})


def _matches(ctx: Context, text: str) -> Q:
    names = [Q(name__icontains=each) for each in spellings(text, MOST_SPELLINGS)]
    contact = Q(*names, join_type="OR")
    number = number_of(text)
    if len(number) == ENDING_DIGITS and number.isascii() and number.isdigit():
        contact |= Q(id__in=phones.ids_ending_in(ctx.merchant_id, number))
    alternatives = [Q(contact, visibility.territory(ctx, Permission.MEMBER_CONTACT_READ))]
    if number:
        alternatives.append(Q(number__startswith=number))
    if is_valid_card_number(number):
        cards = MemberCard.filter(number=number, merchant_id=ctx.merchant_id)
        alternatives.append(Q(id__in=Subquery(cards.values("member_id"))))
    if (phone := _phone(text)) is not None:
        alternatives.append(Q(id__in=phones.ids_with(ctx.merchant_id, phone)))
    return Q(*alternatives, join_type="OR")


def _phone(text: str) -> str | None:
    """The phone that somebody searches for, None for anything else."""
    try:
        return phone_of(text, "search")
    except InvalidInput:
        return None
