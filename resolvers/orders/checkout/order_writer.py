"""Insert planned orders with their lines, fulfilments and fulfilment lines in one round trip."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from models.database import fetch
from models.deferred_writes import insert_later
from models.orders.deadlines import end_of_day
from models.orders.orders import Order, recipient_ending
from models.orders.pickup import ALPHABET
from models.orders.states import FulfilmentStatus, OrderStatus
from resolvers.context import Context
from resolvers.orders.checkout.quoting import Plan
from resolvers.orders.checkout.request import CheckoutRequest
from resolvers.orders.routing.records import point_as_json
from resolvers.referrals import attribution as attribution_rules
from resolvers.referrals.attribution import Attribution

NUMBER_CHARACTERS = 10

_LINE = (
    *("id", "order_id", "variant_id", "sku", "name", "quantity", "unit_price_minor"),
    *("discount_minor", "total_minor", "fulfilled", "returned", "created_at"),
)
_FULFILMENT = (
    *("id", "order_id", "number", "method", "status", "location_id", "distance_metres"),
    *("routing", "awaits_until", "promised_at", "fee_minor", "created_at", "updated_at"),
)
_FULFILMENT_LINE = ("fulfilment_id", "order_line_id", "variant_id", "quantity", "created_at")


@dataclass(frozen=True, slots=True)
class Ids:
    """The IDs of an order and of its lines and fulfilments, in the order of the plan."""

    order: int
    lines: Sequence[int]
    fulfilments: Sequence[int]


async def record(
    ctx: Context, request: CheckoutRequest, plan: Plan, attribution: Attribution, ids: Ids
) -> Order:
    """Write the order of a plan that has no refusals. Runs inside the caller's transaction."""
    now = ctx.now()
    columns = _order(ctx, request, plan, attribution, now)
    await insert_later("sales_order", ("id", *columns), [(ids.order, *columns.values())])
    order = Order.written(id=ids.order, **columns)
    await insert_later("order_line", _LINE, _lines(plan, ids, now))
    await insert_later("fulfilment", _FULFILMENT, _fulfilments(ctx, order, plan, ids, now))
    line_ids = dict(zip(plan.lines.quantities, ids.lines, strict=True))
    rows = [
        (fulfilment_id, line_ids[variant_id], variant_id, quantity, now)
        for fulfilment_id, planned in zip(ids.fulfilments, plan.fulfilments, strict=True)
        for variant_id, quantity in planned.quantities.items()
    ]
    await insert_later("fulfilment_line", _FULFILMENT_LINE, rows)
    return order


def order_number(placed_at: datetime, timezone: ZoneInfo) -> str:
    """Return the date and ten random characters, such as `260131…`: 50 bits a day cannot be guessed."""
    bits = secrets.randbits(5 * NUMBER_CHARACTERS)
    drawn = "".join(ALPHABET[bits >> 5 * index & 31] for index in range(NUMBER_CHARACTERS))
    return f"{placed_at.astimezone(timezone):%y%m%d}{drawn}"


async def attributed(ctx: Context, request: CheckoutRequest, plan: Plan) -> Attribution:
    """Return the store and guide that the sale counts for, by default the guide who served the cart."""
    cart = plan.lines.cart
    served_by = cart.guide_id if cart else ctx.staff_id
    store_id = next((each.location_id for each in plan.fulfilments if each.at_counter), None)
    if store_id is None and served_by is not None:
        store_id = await _store_of(ctx, served_by)
    decided = await attribution_rules.decide(ctx, plan.buyer, request.referral_token, store_id)
    return replace(decided, guide_id=decided.guide_id or served_by)


def _order(
    ctx: Context, request: CheckoutRequest, plan: Plan, attribution: Attribution, now: datetime
) -> dict[str, Any]:
    lines, pricing, address = plan.lines, plan.pricing, _kept_address(plan)
    return {
        "merchant_id": ctx.merchant_id,
        "number": order_number(now, ZoneInfo(ctx.settings.timezone)),
        "status": OrderStatus.PENDING_PAYMENT,
        "channel": ctx.channel,
        "member_id": lines.member_id,
        "guest_id": lines.guest_id,
        "cart_id": lines.cart.id if lines.cart else None,
        "goods_minor": pricing.goods_minor,
        "discount_minor": pricing.discount_minor,
        "delivery_minor": pricing.delivery_minor,
        "payable_minor": pricing.payable_minor,
        "paid_minor": 0,
        "refunded_minor": 0,
        "attribution_store_id": attribution.store_id,
        "attribution_guide_id": attribution.guide_id,
        "attribution_referrer_id": attribution.referrer_id,
        "share_link_id": attribution.share_link_id,
        "storefront_id": ctx.storefront_id,
        "encrypted_address": Order.address.encrypt(address),
        "recipient_ending": recipient_ending(address),
        "encrypted_remark": Order.remark.encrypt((request.remark or "").strip() or None),
        "hold_expires_at": now + timedelta(minutes=ctx.settings.hold_minutes),
        "created_at": now,
        "updated_at": now,
    }


async def _store_of(ctx: Context, staff_id: int) -> int | None:
    """Return the merchant's store that a member of staff works in; the oldest of several."""
    rows = await fetch(
        "SELECT MIN(location.id) AS id FROM location"
        " JOIN staff_grant ON staff_grant.organisation_id = location.organisation_id"
        " WHERE staff_grant.staff_id = ? AND location.merchant_id = ? AND location.kind = 'STORE'",
        staff_id,
        ctx.merchant_id,
    )
    return rows[0]["id"]


def _kept_address(plan: Plan) -> dict[str, Any] | None:
    """Return the address with its `position`, which a later re-routing needs."""
    address, position = plan.delivery.address, plan.delivery.position
    if address is None:
        return None
    return {**address, "position": point_as_json(position)} if position else address


def _lines(plan: Plan, ids: Ids, now: datetime) -> list[tuple[Any, ...]]:
    goods = plan.lines.goods
    lines = zip(plan.lines.quantities, plan.pricing.lines, ids.lines, strict=True)
    return [
        (
            line_id,
            ids.order,
            variant_id,
            goods[variant_id].sku,
            goods[variant_id].name,
            line.quantity,
            line.price_unit_minor,
            line.discount_minor,
            line.total_minor,
            0,
            0,
            now,
        )
        for variant_id, line, line_id in lines
    ]


def _fulfilments(
    ctx: Context, order: Order, plan: Plan, ids: Ids, now: datetime
) -> list[tuple[Any, ...]]:
    timezone = ZoneInfo(ctx.settings.timezone)
    return [
        (
            fulfilment_id,
            order.id,
            f"{order.number}-{number}",
            planned.method,
            FulfilmentStatus.OPEN,
            planned.location_id,
            planned.distance_metres,
            planned.routing,
            planned.awaits_until,
            end_of_day(planned.awaits_until, timezone),
            planned.fee_minor,
            now,
            now,
        )
        for number, (fulfilment_id, planned) in enumerate(
            zip(ids.fulfilments, plan.fulfilments, strict=True), 1
        )
    ]
