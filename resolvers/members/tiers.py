"""Tiers: the ranks of members, and what each takes off a price."""

from __future__ import annotations

from collections.abc import Sequence

from models.bounds import TIERS
from models.database import execute
from models.members.members import Tier
from resolvers.context import Context
from resolvers.permissions import concerns, for_anyone

BASIC = "BASIC"


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Tier]:
    """The tiers of members whom the caller has been shown."""
    return {tier.id: tier for tier in await Tier.filter(id__in=set(ids))}


@for_anyone
async def visible_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Tier]:
    """Those of the tiers whose merchant the request is about, or the caller works for."""
    found = await by_ids(ctx, ids)
    return {tier.id: tier for tier in found.values() if concerns(ctx, tier.merchant_id)}


@for_anyone
async def of_merchant(ctx: Context) -> list[Tier]:
    """The merchant's tiers, lowest first."""
    return await Tier.filter(merchant_id=ctx.merchant_id).order_by("level").limit(TIERS)


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
