"""Whom an order goes to, and where: in full for those who may know, masked for everybody else.

in full   the customer who ordered
          whoever holds MEMBER_CONTACT_READ where the order counts
          whoever holds FULFILMENT_WRITE where a part of it is open, while it is

Each look of staff or a machine in full is recorded before they get it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from models.accounts.organisations import Organisation, OrganisationKind
from models.accounts.roles import Permission
from models.database import execute_many, transaction
from models.members.members import Member
from models.members.rules import masked_name, masked_phone
from models.orders.deadlines import OPEN
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order, recipient_endings
from models.stores.locations import Location
from resolvers.context import ActorKind, Context
from resolvers.members import phones
from resolvers.orders.actions import is_own
from resolvers.orders.scope import owned
from resolvers.permissions import for_anyone, scoped

HIDDEN = "****"
_RECORDED = "looks at contacts that are recorded"
_LOOK = """
INSERT INTO contact_look (order_id, actor_kind, actor_id, day, looks, last_at, created_at)
VALUES (?, ?, ?, ?, 1, ?, ?)
ON CONFLICT (order_id, actor_kind, actor_id, day)
DO UPDATE SET looks = contact_look.looks + 1, last_at = excluded.last_at
"""


@dataclass(frozen=True, slots=True)
class Recipient:
    """Who gets the goods, and the address where they are brought somewhere."""

    name: str | None
    phone: str | None
    address: Mapping[str, Any] | None

    def masked(self) -> Recipient:
        """What those see who may not know who it is: of the address no more than the district."""
        name = masked_name(self.name) if self.name else None
        phone = masked_phone(self.phone) if self.phone else None
        if self.address is None:
            return Recipient(name, phone, None)
        hidden = {"street": HIDDEN, "recipient": name, "phone": phone}
        return Recipient(name, phone, {**self.address, **hidden})


@for_anyone
async def of_orders(ctx: Context, orders: Sequence[Order]) -> dict[int, Recipient]:
    """The recipients of orders that the caller has been shown, by order ID."""
    ids = [order.id for order in orders]
    open_here = await _fulfilled(ctx, _open_here(ctx).filter(order_id__in=ids))
    return await _seen(ctx, orders, {row.order_id for row in open_here})


@for_anyone
async def of_fulfilments(ctx: Context, rows: Sequence[Fulfilment]) -> dict[int, Recipient]:
    """The recipients of fulfilments that the caller has been shown, by fulfilment ID.

    Of one order one part may be open here, and another not.
    """
    orders = {row.id: row for row in await Order.filter(id__in={row.order_id for row in rows})}
    ours = await _fulfilled(ctx, _open_here(ctx).filter(id__in=[row.id for row in rows]))
    open_here = {row.id for row in ours}
    open_rows = [row for row in rows if row.id in open_here]
    found: dict[int, Recipient] = {}
    for part, whole in ((open_rows, True), ([r for r in rows if r.id not in open_here], False)):
        own = {row.order_id: orders[row.order_id] for row in part}
        seen = await _seen(ctx, list(own.values()), set(own) if whole else set())
        found |= {row.id: seen[row.order_id] for row in part}
    return found


def readable(ctx: Context) -> Q:
    """The orders whose contacts the caller knows in full, as a condition: a search must not know more."""
    if ctx.actor.kind is ActorKind.SYSTEM:
        return Q()
    if ctx.actor.is_customer:
        return owned(ctx)
    open_here = _open_here(ctx).values("order_id")
    return Q(
        _known_here(ctx),
        Q(id__in=Subquery(open_here)),
        join_type="OR",
    )


def reached_at(ctx: Context, digits: str) -> Q:
    """The merchant's orders to a phone with these last four digits, as far as the caller could read it.

    It is the recipient's; where the address has none, or for who may read it anyway, the member's.
    """
    recipients = Q(merchant_id=ctx.merchant_id, recipient_ending__in=recipient_endings(digits))
    members = Q(member_id__in=phones.ids_ending_in(ctx.merchant_id, digits))
    if ctx.actor.kind is ActorKind.SYSTEM or ctx.actor.is_customer:
        return Q(readable(ctx), Q(recipients, members, join_type="OR"))
    contact = Q(recipients, Q(members, recipient_ending__isnull=True), join_type="OR")
    return Q(
        Q(readable(ctx), contact),
        Q(_known_here(ctx), members),
        join_type="OR",
    )


def _open_here(ctx: Context) -> QuerySet[Fulfilment]:
    """What is open at a place where the caller fulfils."""
    query = Fulfilment.filter(status__in=OPEN, assigned_at__isnull=False)
    return scoped(query, ctx, Permission.FULFILMENT_WRITE, "location__organisation")


def _known_here(ctx: Context) -> Q:
    """The orders that count where the caller may read contacts."""
    return counting_here(ctx, Permission.MEMBER_CONTACT_READ)


def counting_here(ctx: Context, permission: Permission) -> Q:
    """The orders that count where the caller holds `permission`."""
    merchants = scoped(
        Organisation.filter(kind=OrganisationKind.MERCHANT), ctx, permission, "merchant"
    )
    stores = scoped(Location.all(), ctx, permission, "organisation")
    return Q(
        Q(merchant_id__in=Subquery(merchants.values("id"))),
        Q(attribution_store_id__in=Subquery(stores.values("id"))),
        join_type="OR",
    )


async def _fulfilled(ctx: Context, query: QuerySet[Fulfilment]) -> list[Fulfilment]:
    return await query if Permission.FULFILMENT_WRITE in ctx.actor.permissions else []


async def _seen(ctx: Context, orders: Sequence[Order], fulfilled: set[int]) -> dict[int, Recipient]:
    if not orders:
        return {}
    known = fulfilled | await _known(ctx, orders)
    own = {order.id for order in orders if is_own(ctx, order)}
    members = await _members(orders)
    recipients = {order.id: _recipient(order, members) for order in orders}
    if ctx.actor.kind is not ActorKind.SYSTEM:
        nobody = Recipient(None, None, None)
        await _record(ctx, {each for each in known - own if recipients[each] != nobody})
    return {
        order_id: each if order_id in known | own else each.masked()
        for order_id, each in recipients.items()
    }


async def _known(ctx: Context, orders: Sequence[Order]) -> set[int]:
    if ctx.actor.kind is ActorKind.SYSTEM:
        return {order.id for order in orders}
    if Permission.MEMBER_CONTACT_READ not in ctx.actor.permissions:
        return set()
    held = Order.filter(_known_here(ctx), id__in=[order.id for order in orders])
    return {order.id for order in await held.only("id")}


async def _members(orders: Sequence[Order]) -> dict[int, Member]:
    """The members of orders whose address does not say who gets it."""
    ids = {
        order.member_id
        for order in orders
        if order.member_id and not (order.address or {}).get("recipient")
    }
    return {row.id: row for row in await Member.filter(id__in=ids)} if ids else {}


def _recipient(order: Order, members: Mapping[int, Member]) -> Recipient:
    """Who stands in the address; where nobody does, the member."""
    member, address = members.get(order.member_id or 0), order.address
    name, phone = (member.name, member.phone) if member else (None, None)
    if address is None:
        return Recipient(name, phone, None)
    shown = {key: value for key, value in address.items() if key != "position"}
    return Recipient(shown.get("recipient") or name, shown.get("phone") or phone, shown)


async def _record(ctx: Context, order_ids: Iterable[int]) -> None:
    """Record that the caller sees these orders' contacts, once a request."""
    recorded = ctx.memory.setdefault(_RECORDED, set())
    new = sorted(set(order_ids) - recorded)
    if not new:
        return
    recorded.update(new)
    now = ctx.now()
    looker = (str(ctx.actor.kind), ctx.actor.id, now.date(), now, now)
    await transaction(execute_many, _LOOK, [(order_id, *looker) for order_id in new])
