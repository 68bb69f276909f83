from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import strawberry

from models.orders.states import FulfilmentMethod
from resolvers.orders.cart.sellable_variants import LineDraft
from resolvers.orders.checkout.quote_keeping import Terms
from resolvers.orders.checkout.request import CheckoutRequest, RequestedFulfilment
from schema.accounts.inputs import KNOWN_DEVICE
from schema.catalog.inputs import VariantQuantityInput
from schema.geography import AddressInput, GeoPointInput
from schema.members.inputs import CustomerInput
from schema.nodes.nodes import optional_row_id, row_id


@strawberry.input
class CartLineInput:
    variant_id: strawberry.ID
    quantity: int


@strawberry.input
class CartCreateInput:
    lines: list[CartLineInput] | None = None


@strawberry.input
class CartLinesInput:
    cart_id: strawberry.ID
    lines: list[CartLineInput]


@strawberry.input
class CartClaimInput:
    token: str


@strawberry.input(description="Whose cart it is.")
class CartCustomerSetInput:
    cart_id: strawberry.ID = strawberry.field(description="A cart that you guide.")
    customer: CustomerInput | None = strawberry.field(
        default=None, description="The member; null takes the customer off."
    )


@strawberry.input
class FulfilmentChoiceInput:
    method: FulfilmentMethod
    store_id: strawberry.ID | None = None
    lines: list[VariantQuantityInput] | None = strawberry.field(
        default=None, description="What goes this way; without lines, all that is left."
    )

    def draft(self, *path: str | int) -> RequestedFulfilment:
        return RequestedFulfilment(
            method=self.method,
            store_id=optional_row_id(self.store_id, "Store", path=(*path, "storeId")),
            lines=None if self.lines is None else line_drafts(self.lines, *path, "lines"),
        )


@strawberry.input(description="Give a cart or lines, and how every piece reaches the customer.")
class CheckoutInput:
    fulfilments: list[FulfilmentChoiceInput]
    cart_id: strawberry.ID | None = None
    lines: list[CartLineInput] | None = None
    address: AddressInput | None = None
    position: GeoPointInput | None = strawberry.field(
        default=None, description="Where the customer is; the address's own position comes first."
    )
    points_to_spend: int | None = None
    wallet_amount: Decimal | None = None
    coupon_codes: list[str] | None = None
    referral_token: str | None = None
    remark: str | None = None

    def draft(self) -> CheckoutRequest:
        """Raises: InvalidInput naming what is no ID."""
        return CheckoutRequest(
            fulfilments=[
                choice.draft("fulfilments", number)
                for number, choice in enumerate(self.fulfilments)
            ],
            cart_id=optional_row_id(self.cart_id, "Cart", path=("cartId",)),
            lines=None if self.lines is None else line_drafts(self.lines, "lines"),
            address=self.address.draft() if self.address else None,
            position=self.position.draft() if self.position else None,
            points_to_spend=self.points_to_spend,
            wallet_amount=self.wallet_amount,
            coupon_codes=self.coupon_codes,
            referral_token=self.referral_token,
            remark=self.remark,
        )


@strawberry.input
class CheckoutPlaceInput:
    checkout: CheckoutInput
    idempotency_key: str
    quote_token: str | None = strawberry.field(
        default=None,
        description="The order is what that quote said, or it is refused with QuoteChanged.",
    )
    expected_total: Decimal | None = strawberry.field(
        default=None, description="The order costs this, or it is refused with QuoteChanged."
    )

    def terms(self) -> Terms:
        """Raises: InvalidInput for what is no amount."""
        return Terms.of(self.quote_token, self.expected_total)


@strawberry.input
class OrderCancelInput:
    order_id: strawberry.ID
    reason: str


@strawberry.input
class OtpSignInInput:
    phone: str
    code: str
    name: str | None = None
    referral_token: str | None = None
    device_token: str | None = strawberry.field(description=KNOWN_DEVICE, default=None)
    challenge_token: str | None = strawberry.field(
        description="Proof of a solved challenge: `token.answer` of a picture, or what a widget gives.",
        default=None,
    )


def line_drafts(
    lines: Sequence[CartLineInput | VariantQuantityInput], *path: str | int
) -> list[LineDraft]:
    """Raises: InvalidInput naming the line whose ID is none of a variant."""
    return [
        LineDraft(
            row_id(line.variant_id, "Variant", path=(*path, number, "variantId")), line.quantity
        )
        for number, line in enumerate(lines)
    ]
