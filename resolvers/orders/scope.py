"""Which orders a caller may see or act on: written once, here."""

from __future__ import annotations

from tortoise.expressions import F, Q, RawSQL, Subquery
from tortoise.queryset import QuerySet

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import Permission
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.stores.locations import Location
from resolvers.context import ActorKind, Context
from resolvers.permissions import scoped, throughout


def visible(query: QuerySet[Order], ctx: Context) -> QuerySet[Order]:
    """A customer's own orders; for staff and machines those of their territory.

    A guide sees besides what counts for them, and whoever fulfils a part of an order sees it whole.
    """
    if ctx.actor.kind is ActorKind.SYSTEM:
        return query
    if not ctx.actor.grants:
        return query.filter(owned(ctx))
    handled = _fulfilled_at(_locations(ctx, Permission.FULFILMENT_READ))
    alternatives = [_territory(ctx, Permission.ORDER_READ), handled]
    if ctx.staff_id and Permission.ORDER_READ in ctx.actor.permissions:
        alternatives.append(Q(attribution_guide_id=ctx.staff_id, merchant_id=ctx.merchant_id))
    return query.filter(Q(*alternatives, join_type="OR"))


def visible_here(query: QuerySet[Order], ctx: Context) -> QuerySet[Order]:
    """The same, of staff and machines at the merchant that the request is about."""
    if ctx.actor.is_customer:
        return visible(query, ctx)
    query = query.filter(merchant_id=ctx.merchant_id)
    return query if throughout(ctx, Permission.ORDER_READ) else visible(query, ctx)


def in_territory(query: QuerySet[Order], ctx: Context, permission: Permission) -> QuerySet[Order]:
    """The orders where staff or a machine holds `permission`."""
    return (
        query if ctx.actor.kind is ActorKind.SYSTEM else query.filter(_territory(ctx, permission))
    )


def owned(ctx: Context) -> Q:
    """The orders of the guest or member who asks, in the merchant that the request is about."""
    if ctx.member_id is not None:
        return Q(member_id=ctx.member_id, merchant_id=ctx.merchant_id)
    if ctx.guest_id is not None:
        return Q(guest_id=ctx.guest_id, merchant_id=ctx.merchant_id)
    return Q(id=-1)


def _territory(ctx: Context, permission: Permission) -> Q:
    """An order lies where its merchant, the store it counts for or any of its fulfilments lies."""
    merchants = scoped(
        Organisation.filter(kind=OrganisationKind.MERCHANT), ctx, permission, "merchant"
    )
    locations = _locations(ctx, permission)
    return Q(
        Q(merchant_id__in=Subquery(merchants.values("id"))),
        Q(attribution_store_id__in=Subquery(locations.values("id"))),
        _fulfilled_at(locations),
        join_type="OR",
    )


def _locations(ctx: Context, permission: Permission) -> QuerySet[Location]:
    return scoped(Location.all(), ctx, permission, "organisation")


def _fulfilled_at(locations: QuerySet[Location]) -> Q:
    """Orders with a part at one of these places, looked up order by order.

    A list of all orders with such a part would be read anew for each order, once it outgrows memory.
    """
    of_order = Fulfilment.annotate(of_order=RawSQL('"sales_order"."id"')).filter(
        order_id=F("of_order"), location_id__in=Subquery(locations.values("id"))
    )
    return Q(id__in=Subquery(of_order.values("order_id")))
