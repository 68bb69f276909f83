"""Share links: who shared what, and where. The same person sharing the same thing gets the same link."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts.roles import Permission, Role
from models.accounts.staff import Staff
from models.database import execute, transaction
from models.errors import InvalidInput, NotFound, PermissionDenied
from models.members.members import Member
from models.referrals.rules import ShareTarget
from models.referrals.share_links import ShareLink
from models.stores.locations import Location, LocationKind
from resolvers.attempts import count, guesses
from resolvers.catalog.products import products
from resolvers.context import Context
from resolvers.permissions import for_anyone, for_members_or, may, scoped
from resolvers.referrals import sales
from resolvers.referrals.tokens import MAXIMUM_LENGTH

# What a link to each target must name, and no other target may.
_THINGS = {
    ShareTarget.PRODUCT: "product_id",
    ShareTarget.CART: "cart_id",
    ShareTarget.ORDER: "order_id",
}
_FIELDS = {"product_id": "productId", "cart_id": "cartId", "order_id": "orderId"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareDraft:
    """What to share. `store_id` is the store shared, or for staff the store they share for."""

    target: ShareTarget
    product_id: int | None = None
    store_id: int | None = None
    cart_id: int | None = None
    order_id: int | None = None


@for_members_or(Permission.SHARE)
async def create(ctx: Context, draft: ShareDraft) -> ShareLink:
    """The caller's link to something: made the first time, the same ever after.

    A guide shares for the store of their grant, other staff for theirs if they have one alone; `store_id`
    says which of several.

    Raises: InvalidInput when the target lacks its thing, NotFound for what the caller may not share.
    """
    if ctx.member_id is None and ctx.staff_id is None:
        raise PermissionDenied("Only a member or a member of staff can share.")
    _check_things(draft)
    return await transaction(_find_or_create, ctx, draft)


@for_anyone
async def open_link(ctx: Context, token: str) -> ShareLink | None:
    """The link with this token, counted as opened once more: a query that writes, in a transaction."""
    if not 1 <= len(token) <= MAXIMUM_LENGTH or not token.isascii() or not token.isprintable():
        return None
    limits = guesses(ctx, "share token", times=100, seconds=300)
    await count(ctx, limits)
    if link := await transaction(_open, token):
        await ctx.gateways.rate_limits.give_back(limits)
    return link


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, ShareLink]:
    """The links with these IDs that the caller made, or staff with COMMISSION_READ may look into."""
    rows = await ShareLink.filter(id__in=set(ids))
    covered = scoped(ShareLink.all(), ctx, Permission.COMMISSION_READ, "merchant")
    seen = {each.id for each in await covered.filter(id__in=set(ids))}
    return {row.id: row for row in rows if row.id in seen or _is_own(ctx, row)}


async def _open(token: str) -> ShareLink | None:
    await execute("UPDATE share_link SET opens = opens + 1 WHERE token = ?", token)
    return await ShareLink.filter(token=token).first()


async def _find_or_create(ctx: Context, draft: ShareDraft) -> ShareLink:
    columns: dict[str, Any] = {
        **await _sharer(ctx),
        "merchant_id": ctx.merchant_id,
        "target": draft.target,
        "product_id": await _product(ctx, draft.product_id),
        "store_id": await _store(ctx, draft.store_id),
        "cart_id": draft.cart_id,
        "order_id": draft.order_id,
    }
    await _check_own(ctx, draft)
    if draft.target is ShareTarget.STORE and columns["store_id"] is None:
        raise InvalidInput("Say which store.", path=("storeId",))
    if existing := await ShareLink.filter(**columns).first():
        return existing
    return await ShareLink.create(**columns, token=f"s{secrets.token_urlsafe(12)}")


async def _sharer(ctx: Context) -> dict[str, int | None]:
    """Locks the sharer, so that sharing twice at once makes one link."""
    if ctx.member_id is not None:
        await Member.select_for_update().get(id=ctx.member_id)
    else:
        await Staff.select_for_update().get(id=ctx.staff_id)
    return {"member_id": ctx.member_id, "staff_id": ctx.staff_id}


def _check_things(draft: ShareDraft) -> None:
    for column, field in _FIELDS.items():
        wanted = _THINGS.get(draft.target) == column
        given = getattr(draft, column) is not None
        if wanted and not given:
            raise InvalidInput("Say what to share.", path=(field,))
        if given and not wanted:
            raise InvalidInput("This is not part of what is shared.", path=(field,))


async def _check_own(ctx: Context, draft: ShareDraft) -> None:
    if draft.cart_id is not None and not await sales.may_share_cart(ctx, draft.cart_id):
        raise NotFound("There is no such cart.", path=("cartId",))
    if draft.order_id is not None and not await sales.may_share_order(ctx, draft.order_id):
        raise NotFound("There is no such order.", path=("orderId",))


async def _product(ctx: Context, product_id: int | None) -> int | None:
    if product_id is None:
        return None
    found = (await products.visible_by_ids(ctx, [product_id])).get(product_id)
    if found is None or found.merchant_id != ctx.merchant_id:
        raise NotFound("There is no such product.", path=("productId",))
    return found.id


async def _store(ctx: Context, store_id: int | None) -> int | None:
    """The store named, which staff must be able to share for; else the one that is theirs."""
    stores = Location.filter(merchant_id=ctx.merchant_id, kind=LocationKind.STORE)
    if store_id is not None:
        found = await stores.filter(id=store_id).prefetch_related("organisation").first()
        if found is None or not (
            ctx.member_id is not None or may(ctx, Permission.SHARE, found.organisation.path)
        ):
            raise NotFound("There is no such store.", path=("storeId",))
        return found.id
    if ctx.member_id is not None:
        return None
    own = await stores.filter(organisation_id__in=_own_nodes(ctx)).limit(2)
    if len(own) > 1:
        raise InvalidInput("Say which store.", path=("storeId",))
    return own[0].id if own else None


def _own_nodes(ctx: Context) -> list[int]:
    """The nodes that staff share for: where they are a guide, else wherever they may share."""
    sharing = [grant for grant in ctx.actor.grants if Permission.SHARE in grant.permissions]
    guiding = [grant for grant in sharing if grant.role is Role.GUIDE]
    return [grant.organisation_id for grant in guiding or sharing]


def _is_own(ctx: Context, row: ShareLink) -> bool:
    if ctx.member_id is not None:
        return row.member_id == ctx.member_id
    return ctx.staff_id is not None and row.staff_id == ctx.staff_id
