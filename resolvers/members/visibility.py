"""Who sees what of a member: written once, here.

A member sees themself. Staff see the members of the merchants and stores that they hold MEMBER_READ on,
a guide those bound to them; without MEMBER_CONTACT_READ names and phones are masked. Whoever stands in
the same referral tree sees a little of each other, which the referrals say themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from tortoise.expressions import Q

from models.accounts.roles import Permission, Role
from models.database import fetch, marks
from models.members.members import Member
from models.members.rules import masked_name, masked_phone
from resolvers.context import ActorKind, Context

_PATHS = "paths of members"
_IDENTIFIED = "members identified at this till"
_NAMED = "members named by their phone"


class Shown(Enum):
    HIDDEN = 0
    MASKED = 1
    WHOLE = 2


@dataclass(frozen=True, slots=True)
class Sight:
    """What a caller sees of a member besides number, tier and how they joined.

    `records` are cards, home store, guide and orders.
    """

    name: Shown
    phone: Shown
    records: bool = False

    def name_of(self, member: Member) -> str:
        return member.name if self.name is Shown.WHOLE else masked_name(member.name)

    def phone_of(self, member: Member) -> str | None:
        if member.phone is None or self.phone is Shown.HIDDEN:
            return None
        return member.phone if self.phone is Shown.WHOLE else masked_phone(member.phone)


WHOLE = Sight(Shown.WHOLE, Shown.WHOLE, records=True)
MASKED = Sight(Shown.MASKED, Shown.MASKED, records=True)
NAME_ONLY = Sight(Shown.WHOLE, Shown.HIDDEN)
SOMEBODY = Sight(Shown.MASKED, Shown.MASKED)


async def of_members(ctx: Context, members: Sequence[Member]) -> dict[int, Sight]:
    """How the caller sees each of `members`; those they may not see are left out."""
    seen = await held_over(ctx, Permission.MEMBER_READ, members)
    seen |= ctx.memory.get(_IDENTIFIED, set())
    known = await held_over(ctx, Permission.MEMBER_CONTACT_READ, members)
    sights = {}
    for member in members:
        if member.id == ctx.member_id or member.id in known & seen:
            sights[member.id] = WHOLE
        elif member.id in seen:
            sights[member.id] = MASKED
    return sights


async def held_over(ctx: Context, permission: Permission, members: Sequence[Member]) -> set[int]:
    """The IDs of those among `members` over whom the caller holds `permission`."""
    if ctx.actor.kind is ActorKind.SYSTEM:
        return {member.id for member in members}
    if permission not in ctx.actor.permissions:
        return set()
    paths = await _paths(ctx, members)
    return {
        member.id for member in members if _holds(ctx, permission, member, paths.get(member.id, ()))
    }


def territory(ctx: Context, permission: Permission) -> Q:
    """The same as a condition on members."""
    if ctx.actor.kind is ActorKind.SYSTEM:
        return Q()
    conditions = [Q(id=-1)]
    for grant in ctx.actor.grants:
        if permission not in grant.permissions:
            continue
        if grant.role is Role.GUIDE:
            conditions.append(Q(guide_id=ctx.staff_id))
        else:
            conditions.append(Q(merchant__path__startswith=grant.path))
            conditions.append(Q(home_store__organisation__path__startswith=grant.path))
    return Q(*conditions, join_type="OR")


def mark_identified(ctx: Context, member: Member) -> None:
    """The member has shown a code or card to this caller, who sees them for this one request."""
    ctx.memory.setdefault(_IDENTIFIED, set()).add(member.id)


def mark_named(ctx: Context, member: Member) -> None:
    """The caller has given the member's phone, and sees them as `SOMEBODY` in this one request."""
    ctx.memory.setdefault(_NAMED, set()).add(member.id)


def named(ctx: Context) -> set[int]:
    """The IDs of the members whose phone the caller has given in this request."""
    found: set[int] = ctx.memory.get(_NAMED, set())
    return found


def _holds(
    ctx: Context, permission: Permission, member: Member, paths: Sequence[str | None]
) -> bool:
    for grant in ctx.actor.grants:
        if permission not in grant.permissions:
            continue
        if grant.role is Role.GUIDE:
            if member.guide_id is not None and member.guide_id == ctx.staff_id:
                return True
        elif any(path is not None and path.startswith(grant.path) for path in paths):
            return True
    return False


async def _paths(
    ctx: Context, members: Sequence[Member]
) -> dict[int, tuple[str | None, str | None]]:
    """Where each member belongs in the organisation tree: merchant and home store; asked once a request."""
    known = ctx.memory.setdefault(_PATHS, {})
    wanted = [member.id for member in members if member.id not in known]
    if wanted:
        rows = await fetch(
            "SELECT member.id, merchant.path AS merchant, store.path AS store FROM member"
            " JOIN organisation merchant ON merchant.id = member.merchant_id"
            " LEFT JOIN location ON location.id = member.home_store_id"
            " LEFT JOIN organisation store ON store.id = location.organisation_id"
            f" WHERE member.id IN ({marks(wanted)})",
            *wanted,
        )
        known.update((row["id"], (row["merchant"], row["store"])) for row in rows)
    found: dict[int, tuple[str | None, str | None]] = known
    return found
