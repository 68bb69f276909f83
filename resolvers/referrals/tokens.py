"""What a token stands for: who shared, and whom or which place it binds to."""

from __future__ import annotations

from dataclasses import dataclass

from models.accounts.roles import Role
from models.database import fetch
from models.members.members import Member
from models.referrals.share_links import ShareLink

MAXIMUM_LENGTH = 32
# boundThrough of a member's own token, which is no link to anything.
MEMBER_TOKEN = "MEMBER"  # noqa: S105 - no secret

_IS_GUIDE = """
SELECT 1 FROM staff_grant
JOIN staff ON staff.id = staff_grant.staff_id
JOIN organisation node ON node.id = staff_grant.organisation_id
JOIN location ON location.id = ?
JOIN organisation place ON place.id = location.organisation_id
WHERE staff.id = ? AND staff.active AND staff_grant.role = ? AND place.path LIKE node.path || '%'
"""


@dataclass(frozen=True, slots=True)
class Sharer:
    """A member, or else a store and perhaps its guide; a link of HQ has neither.

    `through` says what was opened: the link's target, or MEMBER for a member's own token.
    """

    through: str
    member_id: int | None = None
    store_id: int | None = None
    guide_id: int | None = None
    share_link_id: int | None = None


async def sharer_of(merchant_id: int | None, token: str) -> Sharer | None:
    """Whoever shared this token at the merchant; None for a token that stands for nobody."""
    if not 1 <= len(token) <= MAXIMUM_LENGTH or not token.isascii() or not token.isprintable():
        return None
    if link := await ShareLink.filter(token=token, merchant_id=merchant_id).first():
        return await _sharer_of_link(link)
    if member := await Member.filter(referral_token=token, merchant_id=merchant_id).first():
        return Sharer(MEMBER_TOKEN, member_id=member.id)
    return None


async def _sharer_of_link(link: ShareLink) -> Sharer:
    if link.member_id is not None:
        return Sharer(str(link.target), member_id=link.member_id, share_link_id=link.id)
    return Sharer(
        str(link.target),
        store_id=link.store_id,
        guide_id=link.staff_id if await _is_guide(link) else None,
        share_link_id=link.id,
    )


async def _is_guide(link: ShareLink) -> bool:
    """Whether the sharer is, today, a guide of the link's store."""
    if link.store_id is None or link.staff_id is None:
        return False
    return bool(await fetch(_IS_GUIDE, link.store_id, link.staff_id, str(Role.GUIDE)))
