"""Lists of orders: cut to what is asked for, sorted, counted and added up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from models.accounts.channels import Channel
from models.errors import NotSignedIn
from models.members.phones import ENDING_DIGITS
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order, OrderLine
from models.orders.payments import Payment
from models.orders.states import (
    FulfilmentMethod,
    FulfilmentStatus,
    OrderStatus,
    PaymentProvider,
)
from models.text.codes import number_of
from resolvers.context import ActorKind, Context
from resolvers.orders import contacts
from resolvers.orders.scope import visible_here
from resolvers.orm_pagination import Page, PageRequest, paginate
from resolvers.permissions import for_anyone
from resolvers.tallies import QueryTally
from resolvers.validation import text_of

SUMS = ("goods_minor", "discount_minor", "delivery_minor", "paid_minor", "refunded_minor")


class OrderSort(StrEnum):
    NEWEST = "NEWEST"
    OLDEST = "OLDEST"
    UPDATED = "UPDATED"
    PAYABLE_DESC = "PAYABLE_DESC"


SORTS = {
    OrderSort.NEWEST: ("-id",),
    OrderSort.OLDEST: ("id",),
    OrderSort.UPDATED: ("-updated_at", "-id"),
    OrderSort.PAYABLE_DESC: ("-payable_minor", "-id"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """What a list of orders is cut to; empty fields cut nothing. `placed_to` is exclusive.

    One fulfilment, sent to its place, has all of `fulfilled_at_id`, `fulfilment_method` and
    `fulfilment_status`.
    """

    status: Sequence[OrderStatus] | None = None
    channel: Sequence[Channel] | None = None
    store_id: int | None = None
    member_id: int | None = None
    guide_id: int | None = None
    placed_from: datetime | None = None
    placed_to: datetime | None = None
    number: str | None = None
    search: str | None = None
    fulfilled_at_id: int | None = None
    fulfilment_method: Sequence[FulfilmentMethod] | None = None
    fulfilment_status: Sequence[FulfilmentStatus] | None = None
    provider: Sequence[PaymentProvider] | None = None
    variant_id: int | None = None
    updated_from: datetime | None = None


@for_anyone
async def page(
    ctx: Context,
    wanted: OrderFilter,
    request: PageRequest,
    sort: OrderSort = OrderSort.NEWEST,
) -> Page[Order]:
    """A page of the orders that the caller may see, the latest first unless `sort` says otherwise.

    Raises: NotSignedIn for somebody who can have none, InvalidInput for a page that makes no sense.
    """
    return await paginate(_listed(ctx, wanted), request, SORTS[sort], f"orders {sort} {wanted}")


@for_anyone
async def tally(ctx: Context, wanted: OrderFilter) -> QueryTally[Order]:
    """The counts and sums of the whole list. Raises: as `page`."""
    return QueryTally(_listed(ctx, wanted), _listed(ctx, replace(wanted, status=None)))


def cut(query: QuerySet[Order], ctx: Context, wanted: OrderFilter) -> QuerySet[Order]:
    """Those of the orders that are wanted. Raises: InvalidInput for a search that is too long."""
    equal = {
        "status__in": list(wanted.status) if wanted.status else None,
        "channel__in": list(wanted.channel) if wanted.channel else None,
        "attribution_store_id": wanted.store_id,
        "member_id": wanted.member_id,
        "attribution_guide_id": wanted.guide_id,
        "created_at__gte": wanted.placed_from,
        "created_at__lt": wanted.placed_to,
        "updated_at__gte": wanted.updated_from,
        "number": None if wanted.number is None else number_of(wanted.number),
    }
    query = query.filter(**{name: value for name, value in equal.items() if value is not None})
    if wanted.search is not None:
        query = query.filter(_matches(ctx, text_of(wanted.search, ("filter", "search"), 64)))
    if wanted.provider:
        paid = Payment.filter(provider__in=list(wanted.provider))
        query = query.filter(id__in=Subquery(paid.values("order_id")))
    if wanted.variant_id is not None:
        lines = OrderLine.filter(variant_id=wanted.variant_id)
        query = query.filter(id__in=Subquery(lines.values("order_id")))
    return _fulfilled(query, wanted)


def _listed(ctx: Context, wanted: OrderFilter) -> QuerySet[Order]:
    if ctx.actor.kind is ActorKind.ANONYMOUS:
        raise NotSignedIn
    return visible_here(cut(Order.all(), ctx, wanted), ctx)


def _fulfilled(query: QuerySet[Order], wanted: OrderFilter) -> QuerySet[Order]:
    equal = {
        "location_id": wanted.fulfilled_at_id,
        "method__in": list(wanted.fulfilment_method) if wanted.fulfilment_method else None,
        "status__in": list(wanted.fulfilment_status) if wanted.fulfilment_status else None,
    }
    given = {name: value for name, value in equal.items() if value is not None}
    if not given:
        return query
    fulfilments = Fulfilment.filter(assigned_at__isnull=False, **given)
    return query.filter(id__in=Subquery(fulfilments.values("order_id")))


def _matches(ctx: Context, text: str) -> Q:
    """A number, whole; or the last four digits of a phone in a contact that the caller knows."""
    typed = number_of(text)
    found = Q(number=typed)
    if len(typed) == ENDING_DIGITS and typed.isascii() and typed.isdigit():
        found |= contacts.reached_at(ctx, typed)
    return found
