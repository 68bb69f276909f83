"""Who looked at the contacts of orders: for those who watch over the places that the orders concern."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from models.accounts.roles import Permission
from models.orders.contact_looks import ContactLook
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from resolvers.context import ActorKind, Context
from resolvers.orders.contacts import counting_here
from resolvers.orm_pagination import Page, PageRequest, paginate
from resolvers.permissions import for_anyone, requires, scoped, throughout
from resolvers.tallies import QueryTally


@dataclass(frozen=True, slots=True, kw_only=True)
class LookFilter:
    """What the list is cut to; what is None cuts nothing. `actor` is a kind and an ID, `until` exclusive."""

    actor: tuple[str, int] | None = None
    order_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


@requires(Permission.AUDIT_READ)
async def page(ctx: Context, wanted: LookFilter, request: PageRequest) -> Page[ContactLook]:
    """A page of the looks at orders that count or are fulfilled where the caller watches, the latest first.

    Raises: InvalidInput for a size or cursor that makes no sense.
    """
    return await paginate(_listed(ctx, wanted), request, ("-last_at", "-id"), f"audit {wanted}")


@requires(Permission.AUDIT_READ)
async def tally(ctx: Context, wanted: LookFilter) -> QueryTally[ContactLook]:
    """The count of the whole list."""
    query = _listed(ctx, wanted)
    return QueryTally(query, query)


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, ContactLook]:
    """Those of the looks with these IDs that the caller may see."""
    if not ids or not (
        ctx.actor.kind is ActorKind.SYSTEM or Permission.AUDIT_READ in ctx.actor.permissions
    ):
        return {}
    return {row.id: row for row in await _listed(ctx, LookFilter()).filter(id__in=set(ids))}


def _listed(ctx: Context, wanted: LookFilter) -> QuerySet[ContactLook]:
    query = ContactLook.filter(_watched(ctx))
    if wanted.actor is not None:
        query = query.filter(actor_kind=wanted.actor[0], actor_id=wanted.actor[1])
    equal = {
        "order_id": wanted.order_id,
        "last_at__gte": wanted.since,
        "last_at__lt": wanted.until,
    }
    return query.filter(**{name: value for name, value in equal.items() if value is not None})


def _watched(ctx: Context) -> Q:
    """Looks at orders that count where the caller holds AUDIT_READ, or that have a part at a place there."""
    if ctx.actor.kind is ActorKind.SYSTEM:
        return Q()
    if throughout(ctx, Permission.AUDIT_READ):
        return Q(order__merchant_id=ctx.merchant_id)
    counting = Order.filter(counting_here(ctx, Permission.AUDIT_READ))
    fulfilled = scoped(Fulfilment.all(), ctx, Permission.AUDIT_READ, "location__organisation")
    return Q(
        Q(order_id__in=Subquery(counting.values("id"))),
        Q(order_id__in=Subquery(fulfilled.values("order_id"))),
        join_type="OR",
    )
