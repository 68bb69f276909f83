"""Everybody below a member: one walk down answers for any number of members at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.database import fetch, marks
from models.errors import InvalidInput
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest, cursor_of
from resolvers.referrals import sales
from resolvers.referrals.trees import EVERY_LEVEL
from resolvers.slices import Slice
from resolvers.sql_pagination import checked_key

MAXIMUM_DEPTH = 1000

_BELOW = """
WITH RECURSIVE below (root, member_id, level) AS (
  SELECT upline_id, member_id, 1 FROM referral_binding
  WHERE upline_id IN ({roots}) AND open_key IS NOT NULL AND (ended_at IS NULL OR ended_at > ?)
  UNION ALL
  SELECT below.root, binding.member_id, below.level + 1
  FROM below JOIN referral_binding binding
    ON binding.upline_id = below.member_id AND binding.open_key IS NOT NULL
  WHERE below.level < ? AND (binding.ended_at IS NULL OR binding.ended_at > ?)
)
"""
_PAGES = """
SELECT root, member_id, level FROM (
  SELECT root, member_id, level,
         ROW_NUMBER() OVER (PARTITION BY root ORDER BY level, member_id) AS place
  FROM below WHERE level > ? OR (level = ? AND member_id > ?)
) AS numbered WHERE place <= ? ORDER BY root, place
"""
# The commonest question, who stands right below one member, reads the index and stops.
_RIGHT_BELOW = """
SELECT upline_id AS root, open_key AS member_id, 1 AS level FROM referral_binding
WHERE upline_id = ? AND open_key > ? AND (ended_at IS NULL OR ended_at > ?)
ORDER BY open_key LIMIT ?
"""
_COMMISSION_BY_LEVEL = """
SELECT below.root, below.level,
       SUM(commission.amount_minor - commission.reversed_minor) AS commission
FROM below JOIN commission
  ON commission.source_member_id = below.member_id AND commission.member_id = below.root
GROUP BY below.root, below.level
"""


@dataclass(frozen=True, slots=True)
class Downline:
    """A page of those below a member, by level and then by ID; a cursor beside each."""

    rows: Sequence[tuple[int, int]]  # level, member ID
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool


@dataclass(frozen=True, slots=True)
class TeamLevel:
    """Everybody at one level below a member; `commission_minor` is what they earned that member."""

    level: int
    members: int
    orders: int
    sales_minor: int
    commission_minor: int


async def downlines(
    ctx: Context, member_ids: Sequence[int], depth: int, request: PageRequest
) -> dict[int, Downline]:
    """A page of those at most `depth` levels below each member.

    Raises: InvalidInput for a depth, size or cursor that makes no sense.
    """
    _check_depth(depth)
    tie, size = f"downline {depth}", request.size
    level, last_id = 0, 0
    if request.after is not None:
        level, last_id = checked_key(request.after, tie, (int, int), "after")
    found: dict[int, list[tuple[int, int]]] = {member_id: [] for member_id in member_ids}
    for row in await _page_rows(ctx, member_ids, depth, (level, last_id), size + 1):
        found[row["root"]].append((row["level"], row["member_id"]))
    return {
        member_id: Downline(
            rows=rows[:size],
            cursors=[cursor_of(row, tie) for row in rows[:size]],
            has_next=len(rows) > size,
            has_previous=request.after is not None,
        )
        for member_id, rows in found.items()
    }


async def counts(ctx: Context, member_ids: Sequence[int], depth: int) -> dict[int, int]:
    """How many stand at most `depth` levels below each member."""
    rows = await fetch(
        _BELOW.format(roots=marks(member_ids))
        + "SELECT root, COUNT(*) AS members FROM below GROUP BY root",
        *_walk(ctx, member_ids, depth),
    )
    return {row["root"]: row["members"] for row in rows}


async def teams(
    ctx: Context, member_ids: Sequence[int], cut: Slice | None = None
) -> dict[int, list[TeamLevel]]:
    """A slice of each member's team, a row a level."""
    below = _BELOW.format(roots=marks(member_ids))
    walk = _walk(ctx, member_ids, EVERY_LEVEL if cut is None else cut.end)
    earned = {
        (row["root"], row["level"]): int(row["commission"])
        for row in await fetch(below + _COMMISSION_BY_LEVEL, *walk)
    }
    found: dict[int, list[TeamLevel]] = {member_id: [] for member_id in member_ids}
    for row in await fetch(below + sales.BY_LEVEL, *walk):
        found[row["root"]].append(
            TeamLevel(
                level=row["level"],
                members=row["members"],
                orders=row["orders"],
                sales_minor=int(row["sales"]),
                commission_minor=earned.get((row["root"], row["level"]), 0),
            )
        )
    return found if cut is None else {each: rows[cut.skip :] for each, rows in found.items()}


async def _page_rows(
    ctx: Context, member_ids: Sequence[int], depth: int, after: tuple[int, int], limit: int
) -> list[dict[str, int]]:
    level, last_id = after
    if depth == 1 and len(member_ids) == 1:
        last_id = last_id if level <= 1 else 2**62
        return await fetch(_RIGHT_BELOW, member_ids[0], last_id, ctx.now(), limit)
    return await fetch(
        _BELOW.format(roots=marks(member_ids)) + _PAGES,
        *_walk(ctx, member_ids, depth),
        level,
        level,
        last_id,
        limit,
    )


def _walk(ctx: Context, member_ids: Sequence[int], depth: int) -> tuple[object, ...]:
    return (*member_ids, ctx.now(), depth, ctx.now())


def _check_depth(depth: int) -> None:
    if not 1 <= depth <= MAXIMUM_DEPTH:
        raise InvalidInput(
            "{name} must lie between {minimum} and {maximum}.",
            path=("depth",),
            name="depth",
            minimum=1,
            maximum=MAXIMUM_DEPTH,
        )
