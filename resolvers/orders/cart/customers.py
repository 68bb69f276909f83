"""The customer of a cart, as its guide sets it."""

from __future__ import annotations

from models.accounts.roles import Permission
from models.database import transaction
from models.errors import LimitExceeded, StateConflict
from models.members.members import Member
from models.orders.carts import Cart
from resolvers.attempts import attempt, guesses
from resolvers.context import Context
from resolvers.members import customers
from resolvers.members.customers import CustomerDraft
from resolvers.orders.cart.carts import opened, touch
from resolvers.orders.cart.lines import quantities
from resolvers.orders.cart.merging import give_to, open_carts
from resolvers.permissions import requires

FAILURES_PER_MINUTE = 20


@requires(Permission.CART_SERVE)
async def set_customer(ctx: Context, cart_id: int, customer: CustomerDraft | None) -> Cart:
    """Set or remove the customer of a cart that the caller guides; the cart keeps its guide.

    The lines of the customer's own open cart are added to it; a customer named by phone alone must have none.
    A member code is used up only if this succeeds.

    Raises: NotFound, StateConflict, InvalidInput, Expired, PermissionDenied, RateLimited after many failures;
    LimitExceeded where the lines of both carts do not fit into one.
    """
    if customer is None:
        return await transaction(_remove_customer, ctx, cart_id)
    limits = guesses(ctx, "member identify", times=FAILURES_PER_MINUTE, seconds=60)
    async with attempt(ctx, limits, "Too many wrong codes. Try again in {seconds} seconds."):
        return await transaction(_set, ctx, cart_id, customer)


async def _set(ctx: Context, cart_id: int, customer: CustomerDraft) -> Cart:
    cart = await opened(ctx, cart_id)
    member = await customers.identified(ctx, customer)
    if cart.member_id == member.id:
        return cart
    if customer.is_hearsay:
        await _check_no_own_lines(cart, member)
    try:
        return await give_to(ctx, cart, member_id=member.id, guest_id=None)
    except LimitExceeded as refusal:
        raise refusal.below("customer") from None


async def _check_no_own_lines(cart: Cart, member: Member) -> None:
    """Raises: StateConflict where the customer's own cart has lines: anybody can name a phone."""
    for own in await open_carts(cart.merchant_id, member_id=member.id, guest_id=None):
        if own.id != cart.id and await quantities(own.id):
            raise StateConflict(
                "This member has goods in a cart of their own. Scan their code to join it.",
                path=("customer", "phone"),
                state=own.status,
            )


async def _remove_customer(ctx: Context, cart_id: int) -> Cart:
    cart = await opened(ctx, cart_id)
    if cart.member_id is None and cart.guest_id is None:
        return cart
    return await touch(ctx, cart, member_id=None, guest_id=None)
