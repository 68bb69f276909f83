"""What was sent to places, and the orders that count for stores: a page for each of many at once.

Who may read neither sees empty lists, since the places themselves are for everybody to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tortoise.expressions import RawSQL
from tortoise.queryset import QuerySet

from models.database import any_of, array, records
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from resolvers.context import Context
from resolvers.orders import order_lists
from resolvers.orders.fulfilment import lists as fulfilment_lists
from resolvers.orders.fulfilment.lists import FulfilmentFilter, FulfilmentSort
from resolvers.orders.order_lists import OrderFilter, OrderSort
from resolvers.orders.scope import visible_here
from resolvers.orm_pagination import (
    NOTHING,
    Cursors,
    Page,
    PageRequest,
    between_cursors,
    flipped,
    paginate,
)
from resolvers.permissions import for_anyone
from resolvers.sql_pagination import Conditions, pages_of_ids
from resolvers.tallies import QueryTally, SqlTally

ALL_FULFILMENTS = FulfilmentFilter()
ALL_ORDERS = OrderFilter()
_PLACE, _STORE = "f.location_id", "attribution_store_id"


@for_anyone
async def fulfilments_at(
    ctx: Context,
    location_ids: Sequence[int],
    request: PageRequest,
    wanted: FulfilmentFilter = ALL_FULFILMENTS,
    sort: FulfilmentSort = FulfilmentSort.NEWEST,
) -> dict[int, Page[Fulfilment]]:
    """A page of what was sent to each place of the caller's territory; nothing of all others.

    Raises: InvalidInput, NotFound for an organisation outside the caller's territory.
    """
    found: dict[int, Page[Fulfilment]] = dict.fromkeys(location_ids, NOTHING)
    conditions = await fulfilment_lists.conditions_of(ctx, wanted)
    reached = await fulfilment_lists.places_of(ctx, wanted.location_id, wanted.organisation_code)
    own = sorted(found.keys() & set(reached))
    if not own:
        return found
    tie, order = f"fulfilments at a place {sort} {wanted}", fulfilment_lists.order_of(sort)
    pages = await pages_of_ids("fulfilment f", _PLACE, own, conditions, order, request, tie)
    ids = [row_id for page in pages.values() for row_id in page.rows]
    rows = {row.id: row for row in await Fulfilment.filter(id__in=ids)} if ids else {}
    return found | {
        place: Page(
            [rows[row_id] for row_id in page.rows], page.cursors, page.has_next, page.has_previous
        )
        for place, page in pages.items()
    }


def tally_of_fulfilments(
    ctx: Context, location_ids: Sequence[int], wanted: FulfilmentFilter = ALL_FULFILMENTS
) -> SqlTally:
    """The counts of each list, by place."""

    async def conditions(with_status: bool) -> Conditions:
        found = await fulfilment_lists.conditions_of(ctx, wanted, with_status=with_status)
        found.add(any_of(_PLACE), array(set(location_ids)))
        return found

    return SqlTally("fulfilment f", conditions, _PLACE)


@for_anyone
async def orders_of(
    ctx: Context,
    store_ids: Sequence[int],
    request: PageRequest,
    wanted: OrderFilter = ALL_ORDERS,
    sort: OrderSort = OrderSort.NEWEST,
) -> dict[int, Page[Order]]:
    """A page of the orders that count for each store, as far as the caller may see them.

    Raises: InvalidInput for a size or cursor that makes no sense.
    """
    query, order = _counting_for(ctx, store_ids, wanted), order_lists.SORTS[sort]
    tie = f"orders of a store {sort} {wanted}"
    if len(store_ids) == 1:
        return {store_ids[0]: await paginate(query, request, order, tie)}
    cut, backward = between_cursors(query, request, order, tie), request.backward
    found = await _first_of_each(cut, flipped(order) if backward else order, request.size)
    rows = await Order.in_bulk([row_id for ids in found.values() for row_id in ids], "id")
    return {
        store_id: _page([rows[row_id] for row_id in found.get(store_id, ())], request, order, tie)
        for store_id in store_ids
    }


def _page(
    found: Sequence[Order], request: PageRequest, order: Sequence[str], tie: str
) -> Page[Order]:
    """Cut what was found, which is in the order of reading, to a page in the order of the list."""
    shown, more = list(found[: request.size]), len(found) > request.size
    behind, ahead = request.after is not None, request.before is not None
    if request.backward:
        shown.reverse()
    columns = [column.lstrip("-") for column in order]
    cursors = Cursors([[getattr(row, column) for column in columns] for row in shown], tie)
    return Page(shown, cursors, *((ahead, more) if request.backward else (more, behind)))


def tally_of_orders(
    ctx: Context, store_ids: Sequence[int], wanted: OrderFilter = ALL_ORDERS
) -> QueryTally[Order]:
    """The counts and sums of each list, by store."""
    any_status = replace(wanted, status=None)
    return QueryTally(
        _counting_for(ctx, store_ids, wanted), _counting_for(ctx, store_ids, any_status), _STORE
    )


def _counting_for(ctx: Context, store_ids: Sequence[int], wanted: OrderFilter) -> QuerySet[Order]:
    query = Order.filter(attribution_store_id__in=set(store_ids))
    return visible_here(order_lists.cut(query, ctx, wanted), ctx)


async def _first_of_each(
    query: QuerySet[Order], order: Sequence[str], size: int
) -> dict[int, list[int]]:
    """The IDs of the first rows of each store and of one more, in their order.

    The ORM writes the statement and cannot cut it by a window, so that is put around it.
    """
    sorting = ", ".join(
        f'"sales_order"."{column.lstrip("-")}" {"DESC" if column.startswith("-") else "ASC"}'
        for column in order
    )
    window = f'ROW_NUMBER() OVER (PARTITION BY "sales_order"."{_STORE}" ORDER BY {sorting})'
    ranked = query.annotate(place=RawSQL(window)).values("id", _STORE, "place")
    ranked.sql()
    statement, values = ranked.query.get_parameterized_sql()
    rows = await records(
        f"SELECT id, {_STORE} FROM ({statement}) AS ranked WHERE place <= {size + 1} ORDER BY place",
        *values,
    )
    found: dict[int, list[int]] = {}
    for row_id, store_id in rows:
        found.setdefault(store_id, []).append(row_id)
    return found
