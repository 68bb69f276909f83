"""Walking the referral tree in the database: each walk is one statement over open bindings.

`open_key` is unique by kind and `upline_id` leads an index, so a walk costs what it visits.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.database import fetch, marks
from resolvers.context import Context
from resolvers.slices import Slice

# An upline's binding may end at a time known beforehand; it counts until then, swept or not.
IN_FORCE = "open_key IS NOT NULL AND kind = 'UPLINE' AND (ended_at IS NULL OR ended_at > ?)"

ABOVE = """
WITH RECURSIVE above (root, upline_id, level) AS (
  SELECT open_key, upline_id, 1 FROM referral_binding
  WHERE open_key IN ({roots}) AND kind = 'UPLINE' AND (ended_at IS NULL OR ended_at > ?)
  UNION ALL
  SELECT above.root, binding.upline_id, above.level + 1
  FROM above JOIN referral_binding binding
    ON binding.open_key = above.upline_id AND binding.kind = 'UPLINE'
  WHERE above.level < ? AND (binding.ended_at IS NULL OR binding.ended_at > ?)
)
"""
_WHOLE_CHAIN = """
WITH RECURSIVE above (upline_id) AS (
  SELECT upline_id FROM referral_binding WHERE open_key = ? AND kind = 'UPLINE'
  UNION
  SELECT binding.upline_id FROM above JOIN referral_binding binding
    ON binding.open_key = above.upline_id AND binding.kind = 'UPLINE'
)
SELECT upline_id FROM above
"""
EVERY_LEVEL = 1_000_000


async def ancestors_of(
    ctx: Context, member_ids: Sequence[int], levels: int = EVERY_LEVEL
) -> dict[int, list[int]]:
    """The IDs of those above each member, the nearest first, at most so many levels up."""
    chains: dict[int, list[int]] = {member_id: [] for member_id in member_ids}
    statement = ABOVE.format(roots=marks(member_ids))
    rows = await fetch(
        statement + "SELECT root, upline_id FROM above ORDER BY root, level",
        *member_ids,
        ctx.now(),
        levels,
        ctx.now(),
    )
    for row in rows:
        chains[row["root"]].append(row["upline_id"])
    return chains


async def above(ctx: Context, member_ids: Sequence[int], cut: Slice) -> dict[int, list[int]]:
    """A slice of the IDs of those above each member, the nearest first."""
    chains = await ancestors_of(ctx, member_ids, cut.end)
    return {member_id: chain[cut.skip :] for member_id, chain in chains.items()}


async def depths_of(ctx: Context, member_ids: Sequence[int]) -> dict[int, int]:
    """How many stand above each member: 0 at the root."""
    rows = await fetch(
        ABOVE.format(roots=marks(member_ids))
        + "SELECT root, MAX(level) AS depth FROM above GROUP BY root",
        *member_ids,
        ctx.now(),
        EVERY_LEVEL,
        ctx.now(),
    )
    return {row["root"]: row["depth"] for row in rows}


async def chain_above(member_id: int) -> set[int]:
    """Everybody above a member, through bindings that have run out but still stand too.

    So the open bindings can never close a cycle, at whatever time one of them ends.
    """
    return {row["upline_id"] for row in await fetch(_WHOLE_CHAIN, member_id)}
