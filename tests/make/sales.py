"""Sales for tests: orders placed by guests through the use cases, and what a provider says of them."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateways.payments import Notification
from models.accounts.roles import ROLE_PERMISSIONS, Role
from models.accounts.sessions import Guest
from models.orders.fulfilments import Fulfilment
from models.orders.orders import Order
from models.orders.payments import Payment
from models.orders.states import FulfilmentMethod, PaymentFlow, PaymentProvider
from models.stock.levels import StockLevel
from models.stores.locations import Location
from resolvers.context import Actor, ActorKind, Context, GrantedNode
from resolvers.orders.cart.sellable_variants import LineDraft
from resolvers.orders.checkout import placing
from resolvers.orders.checkout.request import CheckoutRequest, RequestedFulfilment
from resolvers.orders.payment import payments, settlement
from resolvers.orders.payment.payments import ChargeDraft
from resolvers.orders.payment.settlement import Outcome
from resolvers.stores.addresses import AddressDraft, PointDraft
from tests.make.api import Api
from tests.make.killing import system
from tests.make.stock import a_level, a_location

_numbers = itertools.count(1)
SERVICES = ["PICKUP", "DELIVERY", "CARRY_OUT"]


def a_key() -> str:
    return f"key-{next(_numbers)}"


def later(ctx: Context, **time: float) -> Context:
    """The same context, so much later."""
    moment = ctx.now() + timedelta(**time)
    return replace(ctx, clock=lambda: moment)


async def a_level_in_a_store(ctx: Context, available: int, **columns: Any) -> StockLevel:
    """Pieces in a store that offers every service."""
    store = await a_location(ctx, services=SERVICES, **columns)
    return await a_level(ctx, available, location=store)


async def a_guest(ctx: Context) -> Context:
    guest = await Guest.create()
    return replace(ctx, actor=Actor(ActorKind.GUEST, guest.id), memory={})


def staff_at(ctx: Context, organisation_id: int, path: str, role: Role) -> Context:
    """A member of staff with a role on one node of the tree."""
    grant = GrantedNode(organisation_id, path, ROLE_PERMISSIONS[role], role)
    return replace(ctx, actor=Actor(ActorKind.STAFF, next(_numbers), (grant,)), memory={})


async def staff_of(ctx: Context, location_id: int, role: Role = Role.MANAGER) -> Context:
    location = await Location.get(id=location_id).prefetch_related("organisation")
    return staff_at(ctx, location.organisation_id, location.organisation.path, role)


async def an_order(
    guest: Context,
    level: StockLevel,
    *methods: FulfilmentMethod,
    quantity: int = 1,
    address: AddressDraft | None = None,
) -> Order:
    """An unpaid order of `quantity` pieces of a level's variant in each way, a pickup unless told.

    What is handed over in person is so at the level's location.
    """
    chosen = methods or (FulfilmentMethod.STORE_PICKUP,)
    choices = [
        RequestedFulfilment(
            method=method,
            store_id=level.location_id if method.in_person else None,
            lines=[LineDraft(level.variant_id, quantity)],
        )
        for method in chosen
    ]
    draft = CheckoutRequest(
        lines=[LineDraft(level.variant_id, quantity * len(chosen))],
        fulfilments=choices,
        address=address,
    )
    return await placing.place(guest, draft, a_key())


def an_address(latitude: float = 41.8, longitude: float = 123.4) -> AddressDraft:
    return AddressDraft(
        recipient="王小姐",
        phone="13800001111",
        street="太原街1号",
        position=PointDraft(latitude, longitude),
    )


async def a_payment(guest: Context, order: Order) -> Payment:
    """A charge of the whole order, begun at the sandbox."""
    draft = ChargeDraft(order.id, PaymentProvider.SANDBOX, PaymentFlow.NATIVE, None, a_key())
    return await payments.start(guest, draft)


def said(payment: Payment, **differing: Any) -> Notification:
    """What the provider says of a payment: that it succeeded, unless told otherwise."""
    told = Notification(
        reference=payment.reference,
        provider_reference=f"theirs-{payment.reference}",
        succeeded=True,
        amount_minor=payment.amount_minor,
        currency="CNY",
    )
    return replace(told, **differing)


async def settled(ctx: Context, payment: Payment, **differing: Any) -> Outcome:
    return await settlement.settle(ctx, "SANDBOX", said(payment, **differing))


async def a_paid_order(
    ctx: Context, guest: Context, level: StockLevel, *methods: FulfilmentMethod, **options: Any
) -> Order:
    order = await an_order(guest, level, *methods, **options)
    assert await settled(ctx, await a_payment(guest, order)) is Outcome.PAID
    return await Order.get(id=order.id)


async def parts_of(order: Order) -> list[Fulfilment]:
    return await Fulfilment.filter(order_id=order.id).order_by("id")


async def context_of(api: Api) -> Context:
    """The system's context on the database of a running server, which shares this process."""
    return await system(api.settings)
