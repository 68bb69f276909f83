"""Merging carts: when a customer claims a scanned cart, and when a guest signs in as a member.

The scanned cart remains, because the guide's tablet shows it. The lines of the customer's own open cart are
added to it, and that cart then refers to it.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.accounts.sessions import Guest
from models.bounds import ORDER_LINES
from models.database import execute, fetch, for_update, marks, transaction
from models.errors import LimitExceeded, NotFound, StateConflict
from models.members.members import Member
from models.orders.carts import Cart, CartStatus
from models.orders.orders import Order
from models.orders.rules import MAXIMUM_QUANTITY
from resolvers.attempts import attempt, guesses
from resolvers.context import Context
from resolvers.orders.cart.carts import is_owner, is_unclaimed, touch
from resolvers.permissions import for_customers

# The number of failed claims in five minutes.
CLAIMS = 30
# Lines of variants that the remaining cart has too are added to its own, others as long as there is room.
_MERGE_LINES = f"""
INSERT INTO cart_line (cart_id, variant_id, quantity, added_in, added_by_id, created_at)
SELECT ?, variant_id, quantity, added_in, added_by_id, created_at FROM (
  SELECT found.*, ROW_NUMBER() OVER (PARTITION BY present ORDER BY id) AS number FROM (
    SELECT line.*, EXISTS (SELECT 1 FROM cart_line AS mine
      WHERE mine.cart_id = ? AND mine.variant_id = line.variant_id) AS present
    FROM cart_line AS line WHERE line.cart_id = ?) AS found) AS numbered
WHERE present OR number <= ? - (SELECT COUNT(*) FROM cart_line WHERE cart_id = ?)
ORDER BY id
ON CONFLICT (cart_id, variant_id) DO UPDATE SET quantity =
  CASE WHEN cart_line.quantity + excluded.quantity > {MAXIMUM_QUANTITY} THEN {MAXIMUM_QUANTITY}
  ELSE cart_line.quantity + excluded.quantity END
"""


@for_customers
async def claim(ctx: Context, token: str) -> Cart:
    """Make the caller the owner of the cart with this token; claiming it again changes nothing.

    Raises: NotFound for an unknown cart and another customer's, StateConflict once it is ordered,
    LimitExceeded when the caller's own lines do not fit in, RateLimited after many failures.
    """
    async with attempt(ctx, guesses(ctx, "cart claim", times=CLAIMS, seconds=300)):
        return await transaction(_claim, ctx, token)


async def transfer_to_member(ctx: Context, guest_id: int, member: Member) -> None:
    """Give the carts and orders of a guest to the member that the guest has signed in as.

    Runs in the transaction of the sign-in. Their open carts are merged, with as many lines and units as fit.
    """
    await Guest.filter(id=guest_id).update(taken_over_at=ctx.now())
    owner = {"member_id": member.id, "guest_id": None, "updated_at": ctx.now()}
    found = {"guest_id": guest_id, "merchant_id": member.merchant_id}
    await Order.filter(**found).update(**owner)
    if not await Cart.filter(**found).exists():
        return
    carts = await open_carts(member.merchant_id, member_id=member.id, guest_id=None)
    carts += await open_carts(member.merchant_id, member_id=None, guest_id=guest_id)
    carts.sort(key=_precedence, reverse=True)
    if carts[1:]:
        await _merge(ctx, carts[0], carts[1:])
        await touch(ctx, carts[0])
    await Cart.filter(**found).update(**owner)


async def _claim(ctx: Context, token: str) -> Cart:
    cart = await Cart.filter(token=token, merchant_id=ctx.merchant_id).select_for_update().first()
    if cart is None or not _claimable(ctx, cart):
        raise NotFound("There is no such cart.", path=("token",))
    if cart.status is not CartStatus.OPEN:
        raise StateConflict("This cart was ordered or merged.", state=cart.status, path=("token",))
    if is_owner(ctx, cart):
        return cart
    try:
        return await give_to(ctx, cart, member_id=ctx.member_id, guest_id=ctx.guest_id)
    except LimitExceeded as refusal:
        raise refusal.below("token") from None


async def give_to(ctx: Context, cart: Cart, **owner: int | None) -> Cart:
    """Make a customer the owner of a locked cart, and add the lines of the customer's own open cart to it.

    Raises: LimitExceeded where they do not fit.
    """
    others = [each for each in await open_carts(cart.merchant_id, **owner) if each.id != cart.id]
    if others:
        if not await _fit([cart, *others]):
            raise LimitExceeded("The lines of both carts do not fit into one.")
        await _merge(ctx, cart, others)
    return await touch(ctx, cart, **owner)


def _claimable(ctx: Context, cart: Cart) -> bool:
    """Return whether the caller may claim the cart.

    A member may claim a guest's cart too, unless a guide's tablet shows its token to everybody.
    """
    left_by_guest = cart.guest_id is not None and cart.guide_id is None
    return is_unclaimed(cart) or is_owner(ctx, cart) or (left_by_guest and bool(ctx.member_id))


async def open_carts(
    merchant_id: int, *, member_id: int | None, guest_id: int | None
) -> list[Cart]:
    """Lock and return the open cart of a customer: none or one.

    The customer's own row is locked first. Every insert of a cart refers to that row, so no other device adds
    a cart before the commit.
    """
    table, row_id = ("guest", guest_id) if member_id is None else ("member", member_id)
    await fetch(f"SELECT id FROM {table} WHERE id = ?{for_update()}", row_id)
    owner = {"member_id": member_id, "guest_id": guest_id}
    query = Cart.filter(merchant_id=merchant_id, status=CartStatus.OPEN, **owner)
    return await query.order_by("id").select_for_update()


def _precedence(cart: Cart) -> tuple[bool, object]:
    """Return the sort key of carts: one that a guide's tablet shows remains, else the one used last."""
    return cart.guide_id is not None, cart.updated_at


async def _merge(ctx: Context, remaining: Cart, others: Sequence[Cart]) -> None:
    """Add the lines of `others` to the remaining cart, as far as they fit; the others then refer to it.

    A line keeps the person and channel that added it.
    """
    for other in others:
        await execute(_MERGE_LINES, remaining.id, remaining.id, other.id, ORDER_LINES, remaining.id)
        await touch(ctx, other, status=CartStatus.MERGED, merged_into_id=remaining.id)


async def _fit(carts: Sequence[Cart]) -> bool:
    """Return whether all their lines fit into one cart."""
    ids = [cart.id for cart in carts]
    rows = await fetch(
        "SELECT SUM(quantity) AS quantity FROM cart_line"
        f" WHERE cart_id IN ({marks(ids)}) GROUP BY variant_id",
        *ids,
    )
    few = len(rows) <= ORDER_LINES
    return few and all(row["quantity"] <= MAXIMUM_QUANTITY for row in rows)
