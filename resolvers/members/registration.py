"""One member for one phone, found or made."""

from __future__ import annotations

import secrets

from models.id_allocation import next_ids
from models.members.cards import CardKind, CardStatus, MemberCard
from models.members.members import Member
from models.members.numbers import member_number
from models.members.rules import masked_phone
from resolvers.background.outbox import announce
from resolvers.context import Context
from resolvers.members import card_numbers, phones, tiers
from resolvers.members.members import change_of


async def find_or_create(ctx: Context, phone: str, name: str | None) -> tuple[Member, bool]:
    """The merchant's member with this verified phone (E.164), and whether they are new.

    A new member gets a number, the lowest tier, a virtual card and a referral token; without a name the
    masked phone stands for it. Runs inside the caller's transaction.
    """
    assert ctx.merchant_id is not None  # noqa: S101 - the platform is there from the first start
    known_id = await phones.member_with(ctx.merchant_id, phone)
    if known_id is None:
        member_id = (await next_ids(member=1))["member"][0]
        known_id = await phones.claim(ctx, ctx.merchant_id, phone, member_id)
        if known_id == member_id:
            return await _create(ctx, ctx.merchant_id, member_id, phone, name), True
    return await Member.get(id=known_id), False


async def _create(
    ctx: Context, merchant_id: int, member_id: int, phone: str, name: str | None
) -> Member:
    member = await Member.create(
        id=member_id,
        merchant_id=merchant_id,
        number=member_number(member_id),
        encrypted_phone=Member.phone.encrypt(phone),
        name=name or masked_phone(phone),
        tier_id=(await tiers.lowest(ctx, merchant_id)).id,
        referral_token=f"m{secrets.token_urlsafe(12)}",
        joined_via=ctx.channel,
        created_at=ctx.now(),
    )
    await MemberCard.create(
        merchant_id=member.merchant_id,
        number=(await card_numbers.unused(CardKind.VIRTUAL, 1))[0],
        kind=CardKind.VIRTUAL,
        status=CardStatus.ACTIVE,
        member_id=member.id,
    )
    await announce(ctx, [change_of(member)])
    return member
