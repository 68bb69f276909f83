"""Carts and checkouts for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.accounts.channels import Channel
from models.accounts.roles import Role
from models.catalog.products import Variant
from models.orders.states import FulfilmentMethod
from models.stores.locations import Location
from resolvers.context import Context
from resolvers.orders.cart.sellable_variants import LineDraft
from resolvers.orders.checkout.request import CheckoutRequest, RequestedFulfilment
from tests.make import members
from tests.make.sales import SERVICES, an_address
from tests.make.stock import a_location

PICKUP, CARRY_OUT, DELIVERY, EXPRESS = (
    FulfilmentMethod.STORE_PICKUP,
    FulfilmentMethod.CARRY_OUT,
    FulfilmentMethod.STORE_DELIVERY,
    FulfilmentMethod.EXPRESS,
)
METRES_PER_DEGREE = 111_000


async def a_store(ctx: Context, metres: float = 0, **columns: object) -> Location:
    """A store with every service, about so many metres north of where `an_address` is."""
    latitude = 41.8 + metres / METRES_PER_DEGREE
    place = {
        "latitude": latitude,
        "longitude": 123.4,
        "coordinate_system": "WGS84",
        "latitude_wgs84": latitude,
        "longitude_wgs84": 123.4,
        "services": SERVICES,
    }
    return await a_location(ctx, **{**place, **columns})


async def a_member(ctx: Context, channel: Channel = Channel.APP) -> Context:
    return members.as_member(ctx, await members.member(ctx), channel)


async def a_guide(ctx: Context, store: Location) -> Context:
    """A guide of the store, at its tablet."""
    person = await members.staff(store.organisation_id, Role.GUIDE)
    return replace(await members.as_staff(ctx, person), channel=Channel.STORE)


def line(variant: Variant | int, quantity: int = 1) -> LineDraft:
    return LineDraft(variant if isinstance(variant, int) else variant.id, quantity)


def choice(
    method: FulfilmentMethod,
    store: Location | None = None,
    lines: Sequence[LineDraft] | None = None,
) -> RequestedFulfilment:
    return RequestedFulfilment(method=method, store_id=store.id if store else None, lines=lines)


def checkout(
    lines: Sequence[LineDraft], *choices: RequestedFulfilment, cart_id: int | None = None
) -> CheckoutRequest:
    """The lines, or the cart's, by these choices, to `an_address`."""
    return CheckoutRequest(
        lines=None if cart_id else lines,
        cart_id=cart_id,
        fulfilments=choices,
        address=an_address(),
    )
