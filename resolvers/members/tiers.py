"""Tiers: the ranks of members, and what each takes off a price."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from models.database import execute, fetch
from models.members.members import Tier
from resolvers.context import Context
from resolvers.permissions import for_anyone

BASIC = "BASIC"


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Tier]:
    return {tier.id: tier for tier in await Tier.filter(id__in=set(ids))}


@for_anyone
async def of_merchant(ctx: Context) -> list[Tier]:
    """The merchant's tiers, lowest first."""
    return await Tier.filter(merchant_id=ctx.merchant_id).order_by("level")


async def discount_percent(ctx: Context, member_id: int | None) -> Decimal:
    """What the member's tier takes off, in percent; nothing for somebody unknown."""
    if member_id is None:
        return Decimal(0)
    rows = await fetch(
        "SELECT tier.discount_percent FROM member JOIN tier ON tier.id = member.tier_id"
        " WHERE member.id = ?",
        member_id,
    )
    return Decimal(rows[0]["discount_percent"]) if rows else Decimal(0)


async def lowest(ctx: Context, merchant_id: int) -> Tier:
    """Where new members begin; a merchant without tiers gets BASIC. Runs inside the caller's transaction."""
    query = Tier.filter(merchant_id=merchant_id).order_by("level")
    if tier := await query.first():
        return tier
    await execute(
        "INSERT INTO tier (merchant_id, code, name, level, growth_required, discount_percent,"
        " points_multiplier, created_at) VALUES (?, ?, ?, 0, 0, '0.00', '1.00', ?)"
        " ON CONFLICT DO NOTHING",
        merchant_id,
        BASIC,
        "Basic",
        ctx.now(),
    )
    return await query.get()
