"""Carts: a customer and the guide who serves them see and change the same cart.

owner     a guest or a member: sees and changes the cart
guide     the member of staff who created it: sees and changes it too
token     shows a cart without an owner to every caller that has the token
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from tortoise.queryset import QuerySet

from models.accounts.roles import Permission
from models.database import fetch, marks, transaction
from models.errors import InvalidInput, NotFound, StateConflict
from models.orders import rules
from models.orders.carts import Cart, CartLine, CartStatus
from resolvers.attempts import count, guesses
from resolvers.context import ActorKind, Context
from resolvers.orders.cart.lines import changed_by, put, quantities
from resolvers.orders.cart.lists import by_ids
from resolvers.orders.cart.sellable_variants import LineDraft, check_lines, check_on_sale
from resolvers.permissions import for_anyone, for_shoppers

TOKEN_BYTES = 24
MOST_ATTEMPTS = 8
# The number of unknown tokens that a caller may try in five minutes.
UNKNOWN_TOKENS = 100


@for_shoppers
async def create(ctx: Context, lines: Sequence[LineDraft] = ()) -> Cart:
    """Return the one open cart of a customer, or for staff a new cart that they guide and nobody owns yet.

    The lines are added to those of the customer's cart.

    Raises: InvalidInput, Refusals naming the lines that are not on sale, LimitExceeded.
    """
    check_lines(lines, none_allowed=True)
    return await transaction(_create, ctx, lines)


@for_shoppers
async def add_lines(ctx: Context, cart_id: int, lines: Sequence[LineDraft]) -> Cart:
    """Add lines to a cart. Raises: NotFound, StateConflict, and what `create` raises."""
    check_lines(lines)
    return await transaction(_add, ctx, cart_id, lines)


@for_shoppers
async def update_lines(ctx: Context, cart_id: int, lines: Sequence[LineDraft]) -> Cart:
    """Set the quantities of lines; 0 removes a line. Raises: as `add_lines`."""
    check_lines(lines, minimum=0)
    return await transaction(_update, ctx, cart_id, lines)


@for_anyone
async def own(ctx: Context) -> Cart | None:
    """Return the one open cart of the calling guest or member; it is the same on every device."""
    return await _open(ctx).first() if ctx.actor.is_customer else None


@for_anyone
async def get(ctx: Context, cart_id: int | None, token: str | None) -> Cart | None:
    """Return the cart with this ID or token, None where the caller may not see one.

    For a cart that was merged into another, return the other.

    Raises: InvalidInput unless exactly one of them is given, RateLimited after many unknown tokens.
    """
    if (cart_id is None) == (token is None):
        raise InvalidInput("Give the id or the token.", path=("id",))
    if token is not None:
        return await _by_token(ctx, token)
    return await _seen(ctx, await Cart.filter(id=cart_id).first(), by_token=False)


async def _by_token(ctx: Context, token: str) -> Cart | None:
    limits = guesses(ctx, "cart token", times=UNKNOWN_TOKENS, seconds=300)
    await count(ctx, limits)
    found = await Cart.filter(token=token, merchant_id=ctx.merchant_id).first()
    if found is not None:
        await ctx.gateways.rate_limits.give_back(limits)
    return await _seen(ctx, found, by_token=True)


async def _seen(ctx: Context, found: Cart | None, *, by_token: bool) -> Cart | None:
    if found is not None and found.merged_into_id is not None and is_participant(ctx, found):
        found = await Cart.filter(id=found.merged_into_id).first()
    if found is None:
        return None
    if by_token:
        return found if is_unclaimed(found) or is_participant(ctx, found) else None
    return (await by_ids(ctx, [found.id])).get(found.id)


@for_anyone
async def lines_by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, CartLine]:
    """Return the lines with these IDs in carts that the caller may see, each with its cart loaded."""
    found = await CartLine.filter(id__in=set(ids)).prefetch_related("cart")
    seen = await by_ids(ctx, [line.cart_id for line in found])
    return {line.id: line for line in found if line.cart_id in seen}


def is_participant(ctx: Context, cart: Cart) -> bool:
    """Return whether the caller owns or guides the cart, within the merchant of the request."""
    if ctx.actor.kind is ActorKind.SYSTEM:
        return True
    if cart.merchant_id != ctx.merchant_id:
        return False
    if is_owner(ctx, cart):
        return True
    guides = ctx.staff_id is not None and cart.guide_id == ctx.staff_id
    return guides and Permission.CART_SERVE in ctx.actor.permissions


def is_owner(ctx: Context, cart: Cart) -> bool:
    """Return whether the cart belongs to the calling guest or member."""
    member = ctx.member_id is not None and cart.member_id == ctx.member_id
    return member or (ctx.guest_id is not None and cart.guest_id == ctx.guest_id)


def is_unclaimed(cart: Cart) -> bool:
    """Return whether the cart has no owner."""
    return cart.member_id is None and cart.guest_id is None


async def opened(ctx: Context, cart_id: int, *, lock: bool = True) -> Cart:
    """Return the open cart with this ID, locked unless `lock` is false, for its owner or guide.

    Raises: NotFound, StateConflict when it was merged or ordered.
    """
    query = Cart.filter(id=cart_id)
    cart = await (query.select_for_update() if lock else query).first()
    if cart is None or not is_participant(ctx, cart) or cart.merchant_id != ctx.merchant_id:
        raise NotFound("There is no such cart.", path=("cartId",))
    if cart.status is not CartStatus.OPEN:
        raise StateConflict("This cart was ordered or merged.", state=cart.status, path=("cartId",))
    return cart


async def touch(ctx: Context, cart: Cart, **columns: object) -> Cart:
    """Write columns of a locked cart and raise its version."""
    columns = {**columns, "version": cart.version + 1, "updated_at": ctx.now()}
    await Cart.filter(id=cart.id).update(**columns)
    cart.update_from_dict(columns)
    return cart


async def _create(ctx: Context, lines: Sequence[LineDraft]) -> Cart:
    await check_on_sale(ctx, lines)
    cart, is_new = await _own_or_new(ctx)
    kept = {} if is_new else await quantities(cart.id)
    await put(ctx, cart.id, changed_by(rules.added, kept, lines))
    return cart if is_new or not lines else await touch(ctx, cart)


async def _own_or_new(ctx: Context) -> tuple[Cart, bool]:
    """Return the customer's open cart, locked, or a new one; and whether it is new.

    Another device may create, claim or order a cart between two statements. Raises: StateConflict.
    """
    for _ in range(MOST_ATTEMPTS):
        found = await _open(ctx).select_for_update().first() if ctx.actor.is_customer else None
        if found is not None:
            return found, False
        if (created := await _inserted(ctx)) is not None:
            return created, True
    raise StateConflict("The cart is being changed. Try again.", state=CartStatus.OPEN)


def _open(ctx: Context) -> QuerySet[Cart]:
    """Select the open cart of a customer; a unique index allows only one."""
    owner = {"member_id": ctx.member_id, "guest_id": ctx.guest_id}
    return Cart.filter(merchant_id=ctx.merchant_id, status=CartStatus.OPEN, **owner)


async def _inserted(ctx: Context) -> Cart | None:
    """Insert and return a new cart; return None where its owner has an open one."""
    columns = {
        "merchant_id": ctx.merchant_id,
        "token": secrets.token_urlsafe(TOKEN_BYTES),
        "status": CartStatus.OPEN,
        "channel": ctx.channel,
        "member_id": ctx.member_id,
        "guest_id": ctx.guest_id,
        "guide_id": ctx.staff_id,
        "version": 1,
        "created_at": ctx.now(),
        "updated_at": ctx.now(),
    }
    rows = await fetch(
        f"INSERT INTO cart ({', '.join(columns)}) VALUES ({marks(list(columns))})"
        " ON CONFLICT DO NOTHING RETURNING id",
        *columns.values(),
    )
    return Cart.written(id=rows[0]["id"], **columns) if rows else None


async def _add(ctx: Context, cart_id: int, lines: Sequence[LineDraft]) -> Cart:
    cart = await opened(ctx, cart_id)
    await check_on_sale(ctx, lines)
    await put(ctx, cart.id, changed_by(rules.added, await quantities(cart.id), lines))
    return await touch(ctx, cart)


async def _update(ctx: Context, cart_id: int, lines: Sequence[LineDraft]) -> Cart:
    cart = await opened(ctx, cart_id)
    kept = await quantities(cart.id)
    changed = changed_by(rules.replaced, kept, lines)
    # A line whose quantity is lowered need not be on sale any more.
    await check_on_sale(ctx, lines, exempt={v for v, n in changed.items() if n <= kept.get(v, 0)})
    await put(ctx, cart.id, changed)
    return await touch(ctx, cart)
