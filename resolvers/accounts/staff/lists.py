"""Finding members of staff in the caller's territory, and who may know what of whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from models.accounts.roles import Permission, Role
from models.accounts.staff import Staff, StaffGrant, StaffInvitation
from models.database import any_of, array, records
from resolvers.accounts.organisations.organisations import within_reach
from resolvers.accounts.staff.rank import manages
from resolvers.context import ActorKind, Context
from resolvers.orm_pagination import Page, PageRequest, paginate
from resolvers.permissions import for_anyone, requires, scoped
from resolvers.validation import text_of


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffQuery:
    """Staff with a role at or below a node, or with this role; name or username contain `search`.

    `invited`: with an open invitation, or without one.
    """

    search: str | None = None
    organisation_code: str | None = None
    role: Role | None = None
    active: bool | None = None
    invited: bool | None = None


@requires(Permission.STAFF_WRITE)
async def page(ctx: Context, wanted: StaffQuery, request: PageRequest) -> Page[Staff]:
    """A page of the staff who have a role where the caller manages staff, by username.

    Raises: InvalidInput, NotFound for a node outside the caller's territory.
    """
    tie = f"staff {wanted}"
    return await paginate(await _found(ctx, wanted), request, ("username",), tie)


@requires(Permission.STAFF_WRITE)
async def count(ctx: Context, wanted: StaffQuery) -> int:
    return await (await _found(ctx, wanted)).count()


@for_anyone
async def visible_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Staff]:
    """Those among the staff with these IDs whom the caller may know without having met them.

    That is the caller, and for staff and machines whoever has a role above, at or below a node of theirs.
    """
    seen = await _colleagues(ctx, set(ids))
    return {row.id: row for row in await Staff.filter(id__in=seen)} if seen else {}


async def known_in_full(ctx: Context, ids: Sequence[int]) -> set[int]:
    """Those whose username and state the caller may know: themself, and the staff they manage."""
    known = {ctx.actor.id or 0} if ctx.actor.kind is ActorKind.STAFF else set()
    others = set(ids) - known
    if ctx.actor.kind is ActorKind.SYSTEM:
        return set(ids)
    return known | (await manages(ctx, sorted(others)) if others else set())


async def _colleagues(ctx: Context, ids: set[int]) -> set[int]:
    if ctx.actor.kind is ActorKind.SYSTEM:
        return ids
    seen = ids & {ctx.actor.id} if ctx.actor.kind is ActorKind.STAFF else set()
    paths = [grant.path for grant in ctx.actor.grants]
    if paths and ids - seen:
        rows = await records(
            "SELECT g.staff_id, n.path FROM staff_grant g JOIN organisation n"
            f" ON n.id = g.organisation_id WHERE {any_of('g.staff_id')}",
            array(sorted(ids)),
        )
        seen |= {
            staff_id
            for staff_id, path in rows
            if any(path.startswith(own) or own.startswith(path) for own in paths)
        }
    return {each for each in seen if each is not None}


async def _found(ctx: Context, wanted: StaffQuery) -> QuerySet[Staff]:
    grants = scoped(StaffGrant.all(), ctx, Permission.STAFF_WRITE, "organisation")
    if wanted.organisation_code is not None:
        code, path = wanted.organisation_code, ("filter", "organisationCode")
        node = await within_reach(ctx, code, Permission.STAFF_WRITE, *path)
        grants = grants.filter(organisation__path__startswith=node.path)
    if wanted.role is not None:
        grants = grants.filter(role=wanted.role)
    query = Staff.filter(id__in=Subquery(grants.values("staff_id")))
    if wanted.active is not None:
        query = query.filter(active=wanted.active)
    if wanted.invited is not None:
        invited = Q(id__in=Subquery(StaffInvitation.open_at(ctx.now()).values("staff_id")))
        query = query.filter(invited if wanted.invited else ~invited)
    if wanted.search is not None:
        text = text_of(wanted.search, ("filter", "search"), 100)
        query = query.filter(Q(name__icontains=text) | Q(username__icontains=text))
    return query
