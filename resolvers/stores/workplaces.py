"""The store at which somebody works: by a role that they hold on the store's own node."""

from __future__ import annotations

from collections.abc import Sequence

from models.database import any_of, array, records
from resolvers.context import Context
from resolvers.permissions import for_anyone


@for_anyone
async def of_staff(ctx: Context, staff_ids: Sequence[int]) -> dict[int, int]:
    """The store of each of the staff whom the caller has been shown, by ID; without those who have none.

    Of several it is the one that the caller acts at now, else the oldest.
    """
    rows = await records(
        "SELECT g.staff_id, l.id, l.organisation_id FROM staff_grant g"
        " JOIN location l ON l.organisation_id = g.organisation_id"
        f" WHERE l.kind = 'STORE' AND {any_of('g.staff_id')} ORDER BY l.id DESC",
        array(sorted(set(staff_ids))),
    )
    found = {staff_id: store_id for staff_id, store_id, _ in rows}
    now = {staff_id: store_id for staff_id, store_id, node in rows if node == ctx.store_node_id}
    return found | {each: store for each, store in now.items() if each == ctx.staff_id}


@for_anyone
async def of_caller(ctx: Context) -> int | None:
    """The store that the request comes from, else the one at which the staff who ask work."""
    if ctx.store_node_id is not None:
        rows = await records(
            "SELECT id FROM location WHERE kind = 'STORE' AND organisation_id = ? ORDER BY id",
            ctx.store_node_id,
        )
        if rows:
            return int(rows[0][0])
    if ctx.staff_id is None:
        return None
    return (await of_staff(ctx, [ctx.staff_id])).get(ctx.staff_id)
