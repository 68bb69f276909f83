"""The orders of members, a page for each of many members at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tortoise.queryset import QuerySet

from models.orders.orders import Order
from resolvers.context import Context
from resolvers.orders.order_lists import OrderFilter, cut
from resolvers.orders.scope import visible
from resolvers.orm_pagination import Page, PageRequest, cursor_of, paginate
from resolvers.permissions import for_anyone
from resolvers.sql_pagination import checked_key
from resolvers.tallies import QueryTally

_TIE = "orders of a member"
EVERYTHING = OrderFilter()


@for_anyone
async def pages(
    ctx: Context,
    member_ids: Sequence[int],
    request: PageRequest,
    wanted: OrderFilter = EVERYTHING,
) -> dict[int, Page[Order]]:
    """A forward page of each member's orders, as far as the caller may see them, the latest first.

    Raises: InvalidInput for a size or cursor that makes no sense.
    """
    query, tie = _listed(ctx, member_ids, wanted), f"{_TIE} {wanted}"
    if len(member_ids) == 1:
        return {member_ids[0]: await paginate(query, request, ("-id",), tie)}
    if request.after is not None:
        query = query.filter(id__lt=checked_key(request.after, tie, (int,), "after")[0])
    newest: dict[int, list[int]] = {member_id: [] for member_id in member_ids}
    for row in await query.order_by("-id").values("id", "member_id"):
        if len(newest[row["member_id"]]) <= request.size:
            newest[row["member_id"]].append(row["id"])
    chosen = [order_id for ids in newest.values() for order_id in ids[: request.size]]
    rows = {order.id: order for order in await Order.filter(id__in=chosen)}
    return {
        member_id: Page(
            [rows[order_id] for order_id in ids[: request.size]],
            [cursor_of([order_id], tie) for order_id in ids[: request.size]],
            has_next=len(ids) > request.size,
            has_previous=request.after is not None,
        )
        for member_id, ids in newest.items()
    }


def tally(
    ctx: Context, member_ids: Sequence[int], wanted: OrderFilter = EVERYTHING
) -> QueryTally[Order]:
    """The counts and sums of each member's orders, by member ID."""
    any_status = replace(wanted, status=None)
    return QueryTally(
        _listed(ctx, member_ids, wanted), _listed(ctx, member_ids, any_status), "member_id"
    )


def _listed(ctx: Context, member_ids: Sequence[int], wanted: OrderFilter) -> QuerySet[Order]:
    return visible(cut(Order.filter(member_id__in=set(member_ids)), ctx, wanted), ctx)
