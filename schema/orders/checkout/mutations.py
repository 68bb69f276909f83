from __future__ import annotations

import strawberry

from models.accounts.sessions import SubjectKind
from models.errors import ChallengeRequired, Refusal, Refusals
from resolvers.accounts.identity import become
from resolvers.accounts.sign_in import one_time_codes
from resolvers.orders import cancelling, sign_in
from resolvers.orders.cart import carts
from resolvers.orders.cart import customers as cart_customers
from resolvers.orders.cart import merging as cart_merging
from resolvers.orders.checkout import placing
from schema.accounts.payloads import Challenge, SignInPayload
from schema.errors import refusing, user_errors
from schema.info import Info
from schema.nodes.nodes import row_id
from schema.orders.checkout.inputs import (
    CartClaimInput,
    CartCreateInput,
    CartCustomerSetInput,
    CartLinesInput,
    CheckoutPlaceInput,
    OrderCancelInput,
    OtpSignInInput,
    line_drafts,
)
from schema.orders.checkout.payloads import CartPayload, OrderPayload
from schema.orders.types import Order


@strawberry.type
class CheckoutMutations:
    @refusing(CartPayload)
    async def cart_create(self, info: Info, input: CartCreateInput) -> CartPayload:
        """Your one open cart, with the lines added; staff begin one that the customer scans and claims."""
        lines = line_drafts(input.lines or (), "lines")
        return CartPayload.of(await carts.create(info.context, lines), info.context)

    @refusing(CartPayload)
    async def cart_lines_add(self, info: Info, input: CartLinesInput) -> CartPayload:
        """Add to what is in the cart already."""
        cart_id = row_id(input.cart_id, "Cart", path=("cartId",))
        lines = line_drafts(input.lines, "lines")
        return CartPayload.of(await carts.add_lines(info.context, cart_id, lines), info.context)

    @refusing(CartPayload)
    async def cart_lines_update(self, info: Info, input: CartLinesInput) -> CartPayload:
        """Set quantities; 0 takes the line out."""
        cart_id = row_id(input.cart_id, "Cart", path=("cartId",))
        lines = line_drafts(input.lines, "lines")
        return CartPayload.of(await carts.update_lines(info.context, cart_id, lines), info.context)

    @refusing(CartPayload)
    async def cart_claim(self, info: Info, input: CartClaimInput) -> CartPayload:
        """Make a scanned cart yours; the lines of your own open cart are added to it."""
        return CartPayload.of(await cart_merging.claim(info.context, input.token), info.context)

    @refusing(CartPayload)
    async def cart_customer_set(self, info: Info, input: CartCustomerSetInput) -> CartPayload:
        """Name the customer of a cart that you guide; the lines of their own open cart are added to it.

        Needs CART_SERVE and MEMBER_IDENTIFY. A member code is used up only if it succeeds. By phone alone
        there must be no goods in the customer's own cart, and cards stay hidden.
        """
        cart_id = row_id(input.cart_id, "Cart", path=("cartId",))
        customer = input.customer.draft() if input.customer else None
        row = await cart_customers.set_customer(info.context, cart_id, customer)
        return CartPayload.of(row, info.context)

    @refusing(OrderPayload)
    async def checkout_place(self, info: Info, input: CheckoutPlaceInput) -> OrderPayload:
        """Place an order, by its token exactly as quoted; its pieces are held until holdExpiresAt."""
        try:
            draft, terms = input.checkout.draft(), input.terms()
            order = await placing.place(info.context, draft, input.idempotency_key, terms)
        except (Refusal, Refusals) as refused:
            raise _below_checkout(refused) from None
        return OrderPayload(order=Order.of(order))

    @refusing(OrderPayload)
    async def order_cancel(self, info: Info, input: OrderCancelInput) -> OrderPayload:
        """Cancel an order before anything has left; what it holds and what was paid goes back."""
        order_id = row_id(input.order_id, "Order", path=("orderId",))
        return OrderPayload(
            order=Order.of(await cancelling.cancel(info.context, order_id, input.reason))
        )

    @refusing(SignInPayload)
    async def otp_sign_in(self, info: Info, input: OtpSignInInput) -> SignInPayload:
        """Sign in as the member with this phone; a guest's token brings carts and orders along."""
        try:
            tokens, member, device_token = await sign_in.otp_sign_in(
                info.context,
                input.phone,
                input.code,
                input.name,
                input.referral_token,
                input.device_token,
                input.challenge_token,
            )
        except ChallengeRequired as refusal:
            offered = await one_time_codes.offer_challenge(info.context)
            return SignInPayload(
                challenge=Challenge.of(offered) if offered else None,
                user_errors=user_errors(refusal, info.context),
            )
        await become(info.context, SubjectKind.MEMBER, member.id, tokens)
        return SignInPayload.of(tokens, info.context, device_token)


_BESIDE_CHECKOUT = {("idempotencyKey",), ("quoteToken",), ("expectedTotal",)}


def _below_checkout(refused: Refusal | Refusals) -> Refusal | Refusals:
    """Paths from the checkout lead through the field `checkout`; what else is given stands beside it."""
    each = [refused] if isinstance(refused, Refusal) else refused.refusals
    for refusal in each:
        if refusal.path not in _BESIDE_CHECKOUT:
            refusal.below("checkout")
    return refused
