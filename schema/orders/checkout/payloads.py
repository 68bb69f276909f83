from __future__ import annotations

from dataclasses import field

import strawberry

from models.orders.carts import Cart as CartRow
from models.qr import qr_svg
from resolvers.context import Context
from schema.errors import UserError
from schema.orders.checkout.cart_types import Cart
from schema.orders.types import Order


@strawberry.type
class CartPayload:
    cart: Cart | None = None
    user_errors: list[UserError] = field(default_factory=list)
    claim_url: strawberry.Private[str | None] = None

    @strawberry.field(description="What a guide's tablet shows: scanned, it leads to the cart.")
    def qr_svg(self) -> str | None:
        return qr_svg(self.claim_url) if self.claim_url else None

    @classmethod
    def of(cls, row: CartRow, ctx: Context) -> CartPayload:
        return cls(cart=Cart.of(row), claim_url=f"{ctx.settings.link_url}/c/{row.token}")


@strawberry.type
class OrderPayload:
    order: Order | None = None
    user_errors: list[UserError] = field(default_factory=list)
