"""Finding the member of a phone, and claiming a phone for a new one, by blind indexes."""

from __future__ import annotations

from collections.abc import Sequence

from tortoise.expressions import Subquery

from models.database import execute, fetch, marks
from models.members.phones import MemberPhone, PhoneIndex, endings_of, indexes_of
from resolvers.context import Context

# Of two claims at once the second waits here for the first, then finds its member.
_CLAIM = """
INSERT INTO member_phone (merchant_id, member_id, kid, whole, ending, created_at) VALUES {rows}
ON CONFLICT (merchant_id, whole) DO NOTHING RETURNING whole
"""


async def member_with(merchant_id: int, phone: str) -> int | None:
    """The ID of the merchant's member with this phone (E.164)."""
    return await _owner(merchant_id, [index.whole for index in indexes_of(phone)])


async def claim(ctx: Context, merchant_id: int, phone: str, member_id: int) -> int:
    """Claim a phone for a member who is yet to be written; return the ID of the member who has it.

    That is another member's when another transaction was first. A process that knows one key more than that
    one had adds its index. Runs inside the caller's transaction.
    """
    # In one order everywhere, so that no two claims wait for each other.
    indexes = sorted(indexes_of(phone), key=lambda index: index.whole)
    rows = await fetch(
        _CLAIM.format(rows=", ".join(["(?, ?, ?, ?, ?, ?)"] * len(indexes))),
        *(
            value
            for each in indexes
            for value in (merchant_id, member_id, each.kid, each.whole, each.ending, ctx.now())
        ),
    )
    claimed = {row["whole"] for row in rows}
    taken = [each.whole for each in indexes if each.whole not in claimed]
    owner = await _owner(merchant_id, taken) if taken else None
    if owner is None:
        return member_id
    if claimed:
        await execute("UPDATE member_phone SET member_id = ? WHERE member_id = ?", owner, member_id)
    return owner


def ids_with(merchant_id: int | None, phone: str) -> Subquery:
    """The IDs of the merchant's members with this phone (E.164), for a condition on members."""
    return _ids(merchant_id, whole__in=[index.whole for index in indexes_of(phone)])


def ids_ending_in(merchant_id: int | None, digits: str) -> Subquery:
    """The IDs of the merchant's members whose phone ends in these four digits."""
    return _ids(merchant_id, ending__in=endings_of(digits))


async def index_anew(ctx: Context, merchant_id: int, member_id: int, index: PhoneIndex) -> None:
    """Add the index of a member's phone by a key that has none yet; one that is there stays."""
    await fetch(
        _CLAIM.format(rows="(?, ?, ?, ?, ?, ?)"),
        merchant_id,
        member_id,
        index.kid,
        index.whole,
        index.ending,
        ctx.now(),
    )


def _ids(merchant_id: int | None, **condition: Sequence[str]) -> Subquery:
    return Subquery(MemberPhone.filter(merchant_id=merchant_id, **condition).values("member_id"))


async def _owner(merchant_id: int, indexes: Sequence[str]) -> int | None:
    rows = await fetch(
        f"SELECT member_id FROM member_phone WHERE merchant_id = ? AND whole IN ({marks(indexes)})"
        " ORDER BY id LIMIT 1",
        merchant_id,
        *indexes,
    )
    return rows[0]["member_id"] if rows else None
