from __future__ import annotations

from collections.abc import Sequence

from models.errors import InvalidInput
from models.orders import rules
from models.orders.states import FulfilmentMethod
from models.stores.coordinates import Point
from resolvers.context import Context
from resolvers.orders.cart.lines import changed_by
from resolvers.orders.cart.sellable_variants import LineDraft, check_lines, check_on_sale
from resolvers.orders.routing.routing import Destination, Route, route
from resolvers.permissions import for_anyone


@for_anyone
async def preview(
    ctx: Context, lines: Sequence[LineDraft], near: Point, method: FulfilmentMethod
) -> Route:
    """How these pieces would be routed now; a shortage has candidates and no picks.

    Raises: InvalidInput for a method that is not routed, Refusals for goods that are not on sale.
    """
    if method.in_person:
        raise InvalidInput("Only deliveries are routed.", path=("method",))
    check_lines(lines)
    await check_on_sale(ctx, lines)
    demand = changed_by(rules.added, {}, lines)
    return await route(ctx, Destination(method=method, demand=demand, position=near))
