"""Member cards: issued in batches or to a member, bound, blocked. One of each kind is active at a time."""

from __future__ import annotations

from collections.abc import Sequence

from gateways import Limit
from models.accounts.roles import Permission
from models.database import transaction
from models.errors import InvalidInput, NotFound, StateConflict
from models.members.cards import CardKind, CardStatus, MemberCard
from models.members.members import Member
from models.members.numbers import is_valid_card_number
from models.text.codes import number_of
from resolvers.attempts import attempt, guesses
from resolvers.background.outbox import announce
from resolvers.context import ActorKind, Context
from resolvers.members import card_numbers, members, visibility
from resolvers.members.members import change_of
from resolvers.permissions import for_anyone, for_members_or, requires
from resolvers.slices import Slice, rows_of_each
from resolvers.validation import text_of

MAXIMUM_BATCH = 500
FAILURES_PER_HOUR = 20
TOO_OFTEN = "Too many wrong codes. Try again in {seconds} seconds."


@requires(Permission.CARD_ISSUE)
async def issue(
    ctx: Context, kind: CardKind, quantity: int, member_id: int | None
) -> list[MemberCard]:
    """Physical cards without an owner, or one card for a member, which replaces theirs of that kind.

    Raises: InvalidInput, NotFound for a member outside the caller's territory.
    """
    if not 1 <= quantity <= MAXIMUM_BATCH:
        raise InvalidInput(
            "A batch has {minimum} to {maximum} cards.",
            path=("quantity",),
            minimum=1,
            maximum=MAXIMUM_BATCH,
        )
    if member_id is None:
        if kind is CardKind.VIRTUAL:
            raise InvalidInput("A virtual card belongs to a member.", path=("memberId",))
        return await transaction(_issue_batch, ctx, quantity)
    if quantity != 1:
        raise InvalidInput("A member gets one card at a time.", path=("quantity",))
    member = await _member_of(ctx, member_id)
    return [await transaction(_issue_to, ctx, kind, member)]


@for_members_or(Permission.CARD_ISSUE)
async def bind(ctx: Context, number: str, member_id: int | None) -> MemberCard:
    """Give an issued card to a member: members to themselves, staff to the member they name.

    Raises: InvalidInput, NotFound, StateConflict for a card that is not free, RateLimited.
    """
    if ctx.member_id is not None:
        if member_id not in (None, ctx.member_id):
            raise NotFound("There is no such member.", path=("memberId",))
        member_id = ctx.member_id
    if member_id is None:
        raise InvalidInput("Name the member.", path=("memberId",))
    member = await _member_of(ctx, member_id)
    async with attempt(ctx, _limits(ctx), TOO_OFTEN):
        return await transaction(_bind, ctx, _number_of(number), member)


@for_members_or(Permission.CARD_ISSUE)
async def block(ctx: Context, number: str, reason: str) -> MemberCard:
    """Make a card good for nothing from now on: members their own, staff those of their members.

    Raises: InvalidInput, NotFound, StateConflict for a card that was replaced, RateLimited.
    """
    reason = text_of(reason, "reason", 200)
    async with attempt(ctx, _limits(ctx), TOO_OFTEN):
        return await transaction(_block, ctx, _number_of(number), reason)


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, MemberCard]:
    """The cards of members whose records the caller may see, and free ones for who issues them."""
    found = await MemberCard.filter(id__in=set(ids), merchant_id=ctx.merchant_id)
    seen = await members.by_ids(ctx, [card.member_id for card in found if card.member_id])
    free = Permission.CARD_ISSUE in ctx.actor.permissions
    return {card.id: card for card in found if (card.member_id in seen if card.member_id else free)}


@for_anyone
async def of_members(
    ctx: Context, ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[MemberCard]]:
    """The cards of members whom the caller has been given, the latest first."""
    return await rows_of_each(MemberCard, "member_id", ids, cut, order="id DESC")


def _limits(ctx: Context) -> list[Limit]:
    """On trying card numbers."""
    return guesses(ctx, "card number", times=FAILURES_PER_HOUR, seconds=3600)


async def _issue_batch(ctx: Context, quantity: int) -> list[MemberCard]:
    numbers = await card_numbers.unused(CardKind.PHYSICAL, quantity)
    await MemberCard.bulk_create(
        [
            MemberCard(
                merchant_id=ctx.merchant_id,
                number=number,
                kind=CardKind.PHYSICAL,
                status=CardStatus.ISSUED,
            )
            for number in numbers
        ]
    )
    return await MemberCard.filter(number__in=numbers).order_by("number")


async def _issue_to(ctx: Context, kind: CardKind, member: Member) -> MemberCard:
    [number] = await card_numbers.unused(kind, 1)
    card = MemberCard(
        merchant_id=member.merchant_id, number=number, kind=kind, status=CardStatus.ISSUED
    )
    await card.save(force_create=True)
    return await _activate(ctx, card, member)


async def _bind(ctx: Context, number: str, member: Member) -> MemberCard:
    card = await _locked(member.merchant_id, number)
    if card is None:
        raise NotFound("There is no such card.", path=("number",))
    if card.status is not CardStatus.ISSUED or card.member_id is not None:
        raise StateConflict(
            "The card is {state} and not free.", path=("number",), state=card.status
        )
    return await _activate(ctx, card, member)


async def _activate(ctx: Context, card: MemberCard, member: Member) -> MemberCard:
    await Member.select_for_update().get(id=member.id)
    await MemberCard.filter(member_id=member.id, kind=card.kind, status=CardStatus.ACTIVE).update(
        status=CardStatus.REPLACED
    )
    card.member_id, card.status = member.id, CardStatus.ACTIVE
    await card.save(update_fields=["member_id", "status"])
    await announce(ctx, [change_of(member)])
    return card


async def _block(ctx: Context, number: str, reason: str) -> MemberCard:
    card = await _locked(ctx.merchant_id, number)
    owner = await Member.get(id=card.member_id) if card and card.member_id else None
    if card is None or not await _may_block(ctx, owner):
        raise NotFound("There is no such card.", path=("number",))
    if card.status is CardStatus.REPLACED:
        raise StateConflict("The card is {state}.", path=("number",), state=card.status)
    if card.status is not CardStatus.BLOCKED:
        card.status, card.blocked_because = CardStatus.BLOCKED, reason
        await card.save(update_fields=["status", "blocked_because"])
        await announce(ctx, [change_of(owner)] if owner else [])
    return card


async def _may_block(ctx: Context, owner: Member | None) -> bool:
    if owner is None:
        return ctx.actor.kind is not ActorKind.MEMBER
    held = await visibility.held_over(ctx, Permission.CARD_ISSUE, [owner])
    return owner.id == ctx.member_id or owner.id in held


async def _locked(merchant_id: int | None, number: str) -> MemberCard | None:
    query = MemberCard.filter(number=number, merchant_id=merchant_id)
    return await query.select_for_update().first()


async def _member_of(ctx: Context, member_id: int) -> Member:
    """A member that the caller may give a card to."""
    member = await members.get(ctx, member_id)
    if member.id != ctx.member_id and not await visibility.held_over(
        ctx, Permission.CARD_ISSUE, [member]
    ):
        raise NotFound("There is no such member.", path=("memberId",))
    return member


def _number_of(text: str) -> str:
    number = number_of(text)
    if not is_valid_card_number(number):
        raise InvalidInput("This is not the number of a card.", path=("number",))
    return number
