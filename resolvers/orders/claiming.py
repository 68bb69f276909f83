"""A scanned cart becomes the customer's; a guest who signs in brings everything along.

The scanned cart survives, so that the guide's tablet goes on showing it: the lines of the customer's own
open carts are added to it, and those carts lead to it from then on.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.sessions import Guest
from models.bounds import ORDER_LINES
from models.database import execute, fetch, marks, transaction
from models.errors import LimitExceeded, NotFound, StateConflict
from models.members.members import Member
from models.orders.carts import Cart, CartStatus
from models.orders.orders import Order
from models.orders.rules import MAXIMUM_QUANTITY
from resolvers.attempts import attempt, guesses
from resolvers.context import Context
from resolvers.orders.carts import is_owner, is_unclaimed, touch
from resolvers.permissions import for_customers

# Failed ones in five minutes.
CLAIMS = 30


@for_customers
async def claim(ctx: Context, token: str) -> Cart:
    """Make the cart with this token the caller's; it keeps its guide. Claiming it again changes nothing.

    Raises: NotFound for an unknown cart and for somebody else's, StateConflict once it is ordered,
    LimitExceeded when the caller's own lines do not fit in, RateLimited after many failures.
    """
    async with attempt(ctx, guesses(ctx, "cart claim", times=CLAIMS, seconds=300)):
        return await transaction(_claim, ctx, token)


async def take_over(ctx: Context, guest_id: int, member: Member) -> None:
    """Give a guest's carts and orders to the member they turned out to be.

    Runs in the transaction of the sign-in. Carts become one where their lines fit into one.
    """
    await Guest.filter(id=guest_id).update(taken_over_at=ctx.now())
    owner = {"member_id": member.id, "guest_id": None, "updated_at": ctx.now()}
    found = {"guest_id": guest_id, "merchant_id": member.merchant_id}
    await Order.filter(**found).update(**owner)
    if await Cart.filter(**found).update(**owner):
        carts = await _open_carts(member.merchant_id, member_id=member.id)
        if len(carts) > 1:
            survivor, *others = sorted(carts, key=_precedence, reverse=True)
            if await _merge(ctx, survivor, others):
                await touch(ctx, survivor)


async def _claim(ctx: Context, token: str) -> Cart:
    cart = await Cart.filter(token=token, merchant_id=ctx.merchant_id).select_for_update().first()
    if cart is None or not _claimable(ctx, cart):
        raise NotFound("There is no such cart.", path=("token",))
    if cart.status is not CartStatus.OPEN:
        raise StateConflict("This cart was ordered or merged.", state=cart.status, path=("token",))
    if is_owner(ctx, cart):
        return cart
    owner = {"member_id": ctx.member_id, "guest_id": ctx.guest_id}
    own = await _open_carts(cart.merchant_id, **owner)
    if not await _merge(ctx, cart, own):
        raise LimitExceeded("The lines of both carts do not fit into one.", path=("token",))
    return await touch(ctx, cart, **owner)


def _claimable(ctx: Context, cart: Cart) -> bool:
    """A member may also take a guest's cart by its token, unless a tablet shows that to everybody."""
    left_by_guest = cart.guest_id is not None and cart.guide_id is None
    return is_unclaimed(cart) or is_owner(ctx, cart) or (left_by_guest and bool(ctx.member_id))


async def _open_carts(merchant_id: int, **owner: int | None) -> list[Cart]:
    query = Cart.filter(merchant_id=merchant_id, status=CartStatus.OPEN, **owner)
    return await query.order_by("id").select_for_update()


def _precedence(cart: Cart) -> tuple[bool, object]:
    """A cart that a guide's tablet shows stays, else the one used last."""
    return cart.guide_id is not None, cart.updated_at


async def _merge(ctx: Context, survivor: Cart, others: Sequence[Cart]) -> bool:
    """Add the lines of `others` to the survivor; False, and nothing done, when they do not fit.

    A line keeps who added it, and where.
    """
    if not others:
        return True
    if not await _fit([survivor, *others]):
        return False
    for other in others:
        await execute(
            "INSERT INTO cart_line (cart_id, variant_id, quantity, added_in, added_by_id, created_at)"
            " SELECT ?, variant_id, quantity, added_in, added_by_id, created_at"
            " FROM cart_line WHERE cart_id = ? ORDER BY id"
            " ON CONFLICT (cart_id, variant_id)"
            " DO UPDATE SET quantity = cart_line.quantity + excluded.quantity",
            survivor.id,
            other.id,
        )
        await touch(ctx, other, status=CartStatus.MERGED, merged_into_id=survivor.id)
    return True


async def _fit(carts: Sequence[Cart]) -> bool:
    """Whether all their lines could stand in one cart."""
    ids = [cart.id for cart in carts]
    rows = await fetch(
        "SELECT SUM(quantity) AS quantity FROM cart_line"
        f" WHERE cart_id IN ({marks(ids)}) GROUP BY variant_id",
        *ids,
    )
    few = len(rows) <= ORDER_LINES
    return few and all(row["quantity"] <= MAXIMUM_QUANTITY for row in rows)
