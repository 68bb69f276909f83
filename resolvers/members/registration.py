"""One member for one phone, found or made."""

from __future__ import annotations

import secrets

from models.database import fetch
from models.members.cards import CardKind, CardStatus, MemberCard
from models.members.members import Member
from models.members.numbers import member_number
from models.members.rules import masked_phone
from resolvers.context import Context
from resolvers.members import card_numbers, tiers
from resolvers.members.members import change_of
from resolvers.outbox import announce

# Of two first sign-ins at once the second waits here for the first, then finds its member.
_INSERT = """
INSERT INTO member (merchant_id, number, phone, name, tier_id, referral_token, distributor,
                    joined_via, created_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (merchant_id, phone) DO NOTHING RETURNING id
"""


async def find_or_create(ctx: Context, phone: str, name: str | None) -> tuple[Member, bool]:
    """The merchant's member with this verified phone (E.164), and whether they are new.

    A new member gets a number, the lowest tier, a virtual card and a referral token; without a name the
    masked phone stands for it. Runs inside the caller's transaction.
    """
    assert ctx.merchant_id is not None  # noqa: S101 - the platform is there from the first start
    wanted = Member.filter(merchant_id=ctx.merchant_id, phone=phone)
    if member := await wanted.first():
        return member, False
    if not await _insert(ctx, ctx.merchant_id, phone, name):
        return await wanted.get(), False
    member = await wanted.get()
    member.number = member_number(member.id)
    await member.save(update_fields=["number"])
    await MemberCard.create(
        merchant_id=member.merchant_id,
        number=(await card_numbers.unused(CardKind.VIRTUAL, 1))[0],
        kind=CardKind.VIRTUAL,
        status=CardStatus.ACTIVE,
        member_id=member.id,
    )
    await announce(ctx, [change_of(member)])
    return member, True


async def _insert(ctx: Context, merchant_id: int, phone: str, name: str | None) -> bool:
    tier = await tiers.lowest(ctx, merchant_id)
    token = f"m{secrets.token_urlsafe(12)}"
    inserted = await fetch(
        _INSERT,
        merchant_id,
        token,  # stands for the number until the row has its ID
        phone,
        name or masked_phone(phone),
        tier.id,
        token,
        True,
        str(ctx.channel),
        ctx.now(),
    )
    return bool(inserted)
