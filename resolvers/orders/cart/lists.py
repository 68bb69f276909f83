"""Lists of carts: a customer's own, those that a guide created, and those of the guides of a store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from models.accounts.roles import Permission, Role
from models.accounts.staff import StaffGrant
from models.orders.carts import Cart, CartStatus
from resolvers.context import ActorKind, Context
from resolvers.orm_pagination import Page, PageRequest, paginate
from resolvers.permissions import for_anyone, for_shoppers
from resolvers.tallies import QueryTally


@dataclass(frozen=True, slots=True, kw_only=True)
class CartFilter:
    """The conditions of a list; None is no condition."""

    guide_id: int | None = None
    member_id: int | None = None
    status: CartStatus | None = None
    updated_from: datetime | None = None


@for_shoppers
async def page(ctx: Context, wanted: CartFilter, request: PageRequest) -> Page[Cart]:
    """Return a page of the carts that the caller may see, the latest changed first.

    Raises: InvalidInput for an unusable page size or cursor.
    """
    return await paginate(_listed(ctx, wanted), request, ("-updated_at", "-id"), f"carts {wanted}")


@for_shoppers
async def tally(ctx: Context, wanted: CartFilter) -> QueryTally[Cart]:
    """Return the count of the whole list."""
    query = _listed(ctx, wanted)
    return QueryTally(query, query)


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Cart]:
    """Return the carts with these IDs that the caller may see."""
    if not ids:
        return {}
    return {cart.id: cart for cart in await visible(Cart.filter(id__in=set(ids)), ctx)}


def visible(query: QuerySet[Cart], ctx: Context) -> QuerySet[Cart]:
    """Filter carts of the request's merchant to those that the caller may see.

    Customers see their own carts. Staff see those that they created. Where staff may serve carts in a role
    above guide, they also see the carts of all staff who have a role there.
    """
    if ctx.actor.kind is ActorKind.SYSTEM:
        return query
    query = query.filter(merchant_id=ctx.merchant_id)
    if ctx.member_id is not None:
        return query.filter(member_id=ctx.member_id)
    if ctx.guest_id is not None:
        return query.filter(guest_id=ctx.guest_id)
    if Permission.CART_SERVE not in ctx.actor.permissions:
        return query.filter(id=-1)
    alternatives = [Q(guide_id=ctx.staff_id)] if ctx.staff_id is not None else [Q(id=-1)]
    for grant in ctx.actor.grants:
        if Permission.CART_SERVE in grant.permissions and grant.role is not Role.GUIDE:
            colleagues = StaffGrant.filter(organisation__path__startswith=grant.path)
            alternatives.append(Q(guide_id__in=Subquery(colleagues.values("staff_id"))))
    return query.filter(Q(*alternatives, join_type="OR"))


def _listed(ctx: Context, wanted: CartFilter) -> QuerySet[Cart]:
    equal = {
        "guide_id": wanted.guide_id,
        "member_id": wanted.member_id,
        "status": wanted.status,
        "updated_at__gte": wanted.updated_from,
    }
    given = {name: value for name, value in equal.items() if value is not None}
    # A merged cart is listed as the cart that it was merged into.
    return visible(Cart.filter(merged_into_id__isnull=True, **given), ctx)
