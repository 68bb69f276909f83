from __future__ import annotations

import asyncio

import pytest

from models.accounts.roles import Role
from models.errors import InvalidInput, NotFound, PermissionDenied, StateConflict
from models.members.cards import CardKind, CardStatus, MemberCard
from models.members.numbers import card_number, is_valid_card_number
from resolvers.context import Context
from resolvers.members import cards
from tests.make import members as make

PHYSICAL, VIRTUAL = CardKind.PHYSICAL, CardKind.VIRTUAL


async def manager(ctx: Context) -> Context:
    place = await make.store(ctx)
    return await make.as_staff(ctx, await make.staff(place.organisation_id, Role.MANAGER))


async def test_a_batch_is_free_and_has_check_digits(ctx: Context) -> None:
    batch = await cards.issue(await manager(ctx), PHYSICAL, 500, None)
    assert len({card.number for card in batch}) == 500
    assert all(is_valid_card_number(card.number) for card in batch)
    assert {(card.kind, card.status, card.member_id) for card in batch} == {
        (PHYSICAL, CardStatus.ISSUED, None)
    }


@pytest.mark.parametrize(
    ("kind", "quantity", "path"),
    [
        (PHYSICAL, 0, "quantity"),
        (PHYSICAL, -1, "quantity"),
        (PHYSICAL, 501, "quantity"),
        (VIRTUAL, 1, "memberId"),
    ],
)
async def test_a_batch_that_makes_no_sense_is_refused(
    ctx: Context, kind: CardKind, quantity: int, path: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        await cards.issue(ctx, kind, quantity, None)
    assert refused.value.path == (path,)
    assert await MemberCard.all().count() == 0


async def test_a_new_card_replaces_the_one_of_its_kind(ctx: Context) -> None:
    member = await make.member(ctx)
    [fresh] = await cards.issue(ctx, VIRTUAL, 1, member.id)
    [physical] = await cards.issue(ctx, PHYSICAL, 1, member.id)
    statuses = {card.id: card.status for card in await MemberCard.filter(member_id=member.id)}
    assert statuses[fresh.id] is statuses[physical.id] is CardStatus.ACTIVE
    assert sorted(statuses.values()) == ["ACTIVE", "ACTIVE", "REPLACED"]


async def test_a_free_card_is_bound_once_whoever_asks_at_once(ctx: Context) -> None:
    [card] = await cards.issue(ctx, PHYSICAL, 1, None)
    members = [await make.member(ctx) for _ in range(5)]
    outcomes = await asyncio.gather(
        *(cards.bind(make.as_member(ctx, each), card.number, None) for each in members),
        return_exceptions=True,
    )
    assert sum(isinstance(each, StateConflict) for each in outcomes) == 4
    assert sum(isinstance(each, MemberCard) for each in outcomes) == 1


async def test_a_member_binds_to_nobody_else(ctx: Context) -> None:
    [card] = await cards.issue(ctx, PHYSICAL, 1, None)
    member, other = await make.member(ctx), await make.member(ctx)
    with pytest.raises(NotFound):
        await cards.bind(make.as_member(ctx, member), card.number, other.id)
    with pytest.raises(NotFound):
        await cards.bind(await manager(ctx), card.number, other.id)
    await card.refresh_from_db()
    assert card.member_id is None


@pytest.mark.parametrize("number", ["", "\0", "1" * 16, card_number("91", 1)[:-1], "９" * 16])
async def test_a_number_that_is_none_is_refused(ctx: Context, number: str) -> None:
    acting = make.as_member(ctx, await make.member(ctx))
    with pytest.raises(InvalidInput):
        await cards.bind(acting, number, None)
    with pytest.raises(InvalidInput):
        await cards.block(acting, number, "lost")


async def test_members_block_their_own_cards_and_no_others(ctx: Context) -> None:
    member, other = await make.member(ctx), await make.member(ctx)
    card = await MemberCard.get(member_id=member.id)
    for stranger in (make.as_member(ctx, other), await manager(ctx)):
        with pytest.raises(NotFound):
            await cards.block(stranger, card.number, "mischief")
    blocked = await cards.block(make.as_member(ctx, member), card.number, "lost on the bus")
    assert (blocked.status, blocked.blocked_because) == (CardStatus.BLOCKED, "lost on the bus")
    again = await cards.block(ctx, card.number, "again")
    assert again.blocked_because == "lost on the bus"


async def test_cards_are_issued_by_those_who_may(ctx: Context) -> None:
    guide = await make.staff(ctx.merchant_id or 0, Role.GUIDE)
    for acting in (await make.as_staff(ctx, guide), make.as_member(ctx, await make.member(ctx))):
        with pytest.raises(PermissionDenied):
            await cards.issue(acting, PHYSICAL, 1, None)
