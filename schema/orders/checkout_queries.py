from __future__ import annotations

import strawberry

from models.orders.states import FulfilmentMethod
from resolvers.orders import carts, orders, previewing, quoting
from resolvers.orders.routing_records import route_as_json
from schema.catalog.inputs import VariantQuantityInput
from schema.cost.directives import cost
from schema.geography import GeoPointInput
from schema.info import Info
from schema.nodes import optional_row_id
from schema.orders.cart_types import Cart
from schema.orders.checkout_inputs import CheckoutInput, line_drafts
from schema.orders.checkout_types import Quote
from schema.orders.routing_types import RoutingDecision
from schema.orders.types import Order


@strawberry.type
class CheckoutQueries:
    @strawberry.field
    async def cart(
        self, info: Info, id: strawberry.ID | None = None, token: str | None = None
    ) -> Cart | None:
        """A cart of yours, or one that you guide; by its token also one that nobody owns yet."""
        cart_id = optional_row_id(id, "Cart")
        return Cart.optional(await carts.get(info.context, cart_id, token))

    @cost(3000)
    @strawberry.field
    async def checkout_quote(self, info: Info, input: CheckoutInput) -> Quote:
        """What placing this checkout would do now, to the fen; nothing is held by it."""
        return Quote.of(await quoting.quote(info.context, input.draft()), info.context)

    @strawberry.field
    async def order(
        self, info: Info, id: strawberry.ID | None = None, number: str | None = None
    ) -> Order | None:
        order_id = optional_row_id(id, "Order")
        return Order.optional(await orders.get(info.context, order_id, number))

    @cost(3000)
    @strawberry.field
    async def route_preview(
        self,
        info: Info,
        lines: list[VariantQuantityInput],
        near: GeoPointInput,
        method: FulfilmentMethod,
    ) -> RoutingDecision:
        """From where these pieces would be sent there now, and why from there."""
        found = await previewing.preview(
            info.context, line_drafts(lines, "lines"), near.point("near"), method
        )
        return RoutingDecision.of(route_as_json(found))
