from __future__ import annotations

import strawberry

from models.orders.states import FulfilmentMethod
from resolvers.orders import orders
from resolvers.orders.cart import carts
from resolvers.orders.checkout import quoting
from resolvers.orders.routing import preview as routing_preview
from resolvers.orders.routing.records import route_as_json
from schema.catalog.inputs import VariantQuantityInput
from schema.cost.directives import cost
from schema.geography import GeoPointInput
from schema.info import Info
from schema.nodes.nodes import optional_row_id
from schema.orders.checkout.cart_types import Cart
from schema.orders.checkout.inputs import CheckoutInput, line_drafts
from schema.orders.checkout.types import Quote
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
        found = await routing_preview.preview(
            info.context, line_drafts(lines, "lines"), near.point("near"), method
        )
        return RoutingDecision.of(route_as_json(found))
