"""Writing a planned order: itself, its lines, its fulfilments and theirs, each kind in one statement."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from models.database import execute, fetch
from models.orders.orders import Order
from models.orders.pickup import ALPHABET
from models.orders.states import FulfilmentStatus, OrderStatus
from resolvers.context import Context
from resolvers.orders.checkout import CheckoutDraft
from resolvers.orders.quoting import Plan
from resolvers.orders.routing_records import point_as_json
from resolvers.referrals import attribution
from resolvers.referrals.attribution import Attribution

NUMBER_CHARACTERS = 10


@dataclass(frozen=True, slots=True)
class Recorded:
    """An order as it was written; the fulfilments stand in the order of the plan's parcels."""

    order: Order
    fulfilment_ids: Sequence[int]
    hold_expires_at: datetime


async def record(ctx: Context, draft: CheckoutDraft, found: Plan) -> Recorded:
    """Write the order of a plan without refusals. Runs inside the caller's transaction."""
    hold_expires_at = ctx.now() + timedelta(minutes=ctx.settings.hold_minutes)
    order = await _create_order(ctx, draft, found, hold_expires_at)
    line_ids = await _create_lines(ctx, order, found)
    fulfilment_ids = await _create_fulfilments(ctx, order, found)
    rows = [
        (fulfilment_id, line_ids[variant_id], variant_id, quantity, ctx.now())
        for fulfilment_id, parcel in zip(fulfilment_ids, found.parcels, strict=True)
        for variant_id, quantity in parcel.pieces.items()
    ]
    await execute(
        "INSERT INTO fulfilment_line (fulfilment_id, order_line_id, variant_id, quantity, created_at)"
        f" VALUES {_marks(rows)}",
        *_flat(rows),
    )
    return Recorded(order, fulfilment_ids, hold_expires_at)


def order_number(placed_at: datetime, timezone: ZoneInfo) -> str:
    """`260131` and ten random characters: 50 bits a day, so that nobody guesses another's."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(NUMBER_CHARACTERS))
    return f"{placed_at.astimezone(timezone):%y%m%d}{drawn}"


async def _create_order(
    ctx: Context, draft: CheckoutDraft, found: Plan, hold_expires_at: datetime
) -> Order:
    basket, pricing = found.basket, found.pricing
    counts_for = await _attribution(ctx, draft, found)
    return await Order.create(
        merchant_id=ctx.merchant_id,
        number=order_number(ctx.now(), ZoneInfo(ctx.settings.timezone)),
        status=OrderStatus.PENDING_PAYMENT,
        channel=ctx.channel,
        member_id=basket.member_id,
        guest_id=basket.guest_id,
        cart_id=basket.cart.id if basket.cart else None,
        goods_minor=pricing.goods_minor,
        discount_minor=pricing.discount_minor,
        delivery_minor=pricing.delivery_minor,
        payable_minor=pricing.payable_minor,
        attribution_store_id=counts_for.store_id,
        attribution_guide_id=counts_for.guide_id,
        attribution_referrer_id=counts_for.referrer_id,
        share_link_id=counts_for.share_link_id,
        address=_kept_address(found),
        remark=(draft.remark or "").strip() or None,
        hold_expires_at=hold_expires_at,
    )


async def _attribution(ctx: Context, draft: CheckoutDraft, found: Plan) -> Attribution:
    """Whom the sale counts for; where nobody brought the customer, whoever served the cart."""
    cart = found.basket.cart
    served_by = cart.guide_id if cart else ctx.staff_id
    store_id = next((each.location.id for each in found.parcels if each.at_counter), None)
    if store_id is None and served_by is not None:
        store_id = await _store_of(ctx, served_by)
    decided = await attribution.decide(ctx, found.basket.member_id, draft.referral_token, store_id)
    return replace(decided, guide_id=decided.guide_id or served_by)


async def _store_of(ctx: Context, staff_id: int) -> int | None:
    """The merchant's store that a member of staff works in; the oldest of several."""
    rows = await fetch(
        "SELECT MIN(location.id) AS id FROM location"
        " JOIN staff_grant ON staff_grant.organisation_id = location.organisation_id"
        " WHERE staff_grant.staff_id = ? AND location.merchant_id = ? AND location.kind = 'STORE'",
        staff_id,
        ctx.merchant_id,
    )
    return rows[0]["id"]


def _kept_address(found: Plan) -> dict[str, Any] | None:
    """The address with its `position`, which a later re-routing needs."""
    address, position = found.delivery.address, found.delivery.position
    if address is None:
        return None
    return {**address, "position": point_as_json(position)} if position else address


async def _create_lines(ctx: Context, order: Order, found: Plan) -> dict[int, int]:
    """IDs of the new order lines by variant."""
    goods = found.basket.goods
    rows = [
        (
            order.id,
            variant_id,
            goods[variant_id].sku,
            goods[variant_id].name,
            line.quantity,
            line.price_unit_minor,
            line.discount_minor,
            line.total_minor,
            0,
            0,
            ctx.now(),
        )
        for variant_id, line in zip(found.basket.pieces, found.pricing.lines, strict=True)
    ]
    written = await fetch(
        "INSERT INTO order_line (order_id, variant_id, sku, name, quantity, unit_price_minor,"
        " discount_minor, total_minor, fulfilled, returned, created_at)"
        f" VALUES {_marks(rows)} RETURNING id, variant_id",
        *_flat(rows),
    )
    return {row["variant_id"]: row["id"] for row in written}


async def _create_fulfilments(ctx: Context, order: Order, found: Plan) -> list[int]:
    """IDs of the new fulfilments in the order of the parcels."""
    now = ctx.now()
    rows = [
        (
            order.id,
            f"{order.number}-{number}",
            str(parcel.method),
            str(FulfilmentStatus.OPEN),
            parcel.location.id,
            parcel.distance_metres,
            orjson.dumps(parcel.routing).decode() if parcel.routing else None,
            now,
            now,
        )
        for number, parcel in enumerate(found.parcels, 1)
    ]
    written = await fetch(
        "INSERT INTO fulfilment (order_id, number, method, status, location_id, distance_metres,"
        f" routing, created_at, updated_at) VALUES {_marks(rows)} RETURNING id, number",
        *_flat(rows),
    )
    ids = {row["number"]: row["id"] for row in written}
    return [ids[row[1]] for row in rows]


def _marks(rows: Sequence[Sequence[Any]]) -> str:
    one = f"({', '.join('?' * len(rows[0]))})"
    return ", ".join([one] * len(rows))


def _flat(rows: Sequence[Sequence[Any]]) -> list[Any]:
    return [value for row in rows for value in row]
