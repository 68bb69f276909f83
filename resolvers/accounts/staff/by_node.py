"""Who works at nodes of the tree: the staff with a role on the node itself, a page for each of many nodes."""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.organisations import Organisation
from models.accounts.staff import Staff, StaffGrant
from models.database import any_id, array, records
from resolvers.context import ActorKind, Context
from resolvers.orm_pagination import Page, PageRequest
from resolvers.permissions import for_anyone
from resolvers.sql_pagination import Conditions, pages_by_id

# Once for each person, however many roles they have on the node.
_WORKING = (
    "EXISTS (SELECT 1 FROM staff WHERE staff.id = staff_grant.staff_id AND staff.active)"
    " AND NOT EXISTS (SELECT 1 FROM staff_grant twin WHERE twin.staff_id = staff_grant.staff_id"
    " AND twin.organisation_id = staff_grant.organisation_id AND twin.id < staff_grant.id)"
)


@for_anyone
async def pages(
    ctx: Context, node_ids: Sequence[int], request: PageRequest
) -> dict[int, Page[Staff]]:
    """The active staff of each node, those there longest first; nobody where the caller does not work.

    A caller works at a node that a role or scope of theirs is held on or above.

    Raises: InvalidInput for a size or cursor that makes no sense.
    """
    conditions = Conditions()
    conditions.add(_WORKING)
    own = await _own(ctx, node_ids)
    grants = await pages_by_id(
        StaffGrant, "organisation_id", own, conditions, request, "staff of a node", falling=False
    )
    people = await Staff.in_bulk(
        [row.staff_id for page in grants.values() for row in page.rows], "id"
    )
    return {
        node_id: Page(
            [people[row.staff_id] for row in page.rows],
            page.cursors,
            page.has_next,
            page.has_previous,
        )
        for node_id in node_ids
        for page in [grants.get(node_id, _NOBODY)]
    }


@for_anyone
async def counts(ctx: Context, node_ids: Sequence[int]) -> dict[int, int]:
    """How many there are in each list, by node."""
    rows = await records(
        f"SELECT organisation_id, COUNT(*) FROM staff_grant"
        f" WHERE {any_id('organisation_id')} AND {_WORKING} GROUP BY organisation_id",
        array(await _own(ctx, node_ids)),
    )
    return dict.fromkeys(node_ids, 0) | dict(rows)


_NOBODY: Page[StaffGrant] = Page([], [], has_next=False, has_previous=False)


async def _own(ctx: Context, node_ids: Sequence[int]) -> list[int]:
    if ctx.actor.kind is ActorKind.SYSTEM:
        return sorted(set(node_ids))
    paths = tuple(grant.path for grant in ctx.actor.grants)
    if not paths:
        return []
    nodes = await Organisation.filter(id__in=set(node_ids))
    return sorted(node.id for node in nodes if node.path.startswith(paths))
