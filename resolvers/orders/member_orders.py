"""The orders of members, a page for each of many members at once."""

from __future__ import annotations

from collections.abc import Sequence

from models.orders.orders import Order
from resolvers.context import Context
from resolvers.orders.visibility import visible
from resolvers.paging import Page, PageRequest, cursor_of, key_of, paginate
from resolvers.permissions import for_anyone

_TIE = "orders of a member"


@for_anyone
async def pages(
    ctx: Context, member_ids: Sequence[int], request: PageRequest
) -> dict[int, Page[Order]]:
    """A forward page of each member's orders, as far as the caller may see them, the latest first.

    Raises: InvalidInput for a size or cursor that makes no sense.
    """
    query = visible(Order.filter(member_id__in=set(member_ids)), ctx)
    if len(member_ids) == 1:
        return {member_ids[0]: await paginate(query, request, ("-id",), _TIE)}
    if request.after is not None:
        query = query.filter(id__lt=key_of(request.after, _TIE, 1, "after")[0])
    newest: dict[int, list[int]] = {member_id: [] for member_id in member_ids}
    for row in await query.order_by("-id").values("id", "member_id"):
        if len(newest[row["member_id"]]) <= request.size:
            newest[row["member_id"]].append(row["id"])
    wanted = [order_id for ids in newest.values() for order_id in ids[: request.size]]
    rows = {order.id: order for order in await Order.filter(id__in=wanted)}
    return {
        member_id: Page(
            [rows[order_id] for order_id in ids[: request.size]],
            [cursor_of([order_id], _TIE) for order_id in ids[: request.size]],
            has_next=len(ids) > request.size,
            has_previous=request.after is not None,
        )
        for member_id, ids in newest.items()
    }
