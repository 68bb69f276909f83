"""What a checkout would cost and who would hand it over: the one plan that quote and order share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.bounds import QUOTE_FULFILMENTS
from models.errors import InvalidInput, Refusal, Refusals
from models.money import CurrencyCode, InvalidAmount, parse_amount
from models.orders.pricing import Line, Pricing, price
from models.orders.states import FulfilmentMethod
from resolvers.catalog import prices
from resolvers.context import Context
from resolvers.orders.baskets import Basket, gather, spread
from resolvers.orders.checkout import CheckoutDraft, Delivery, check
from resolvers.orders.dispatching import Parcel, dispatch
from resolvers.permissions import for_shoppers
from resolvers.referrals import attribution
from resolvers.referrals.attribution import Buyer


@dataclass(frozen=True, slots=True)
class Plan:
    """A checkout worked out; with refusals it cannot be placed, and is worked out as far as possible."""

    basket: Basket
    buyer: Buyer
    pricing: Pricing
    delivery: Delivery
    parcels: Sequence[Parcel]
    refusals: Sequence[Refusal]


@dataclass(frozen=True, slots=True)
class Quote:
    """`plan` is empty where the input does not even say what is bought."""

    plan: Plan | None
    refusals: Sequence[Refusal]
    expires_at: datetime


@for_shoppers
async def quote(ctx: Context, draft: CheckoutDraft) -> Quote:
    """What `placing.place` would do now; nothing is held by it."""
    expires_at = ctx.now() + timedelta(minutes=ctx.settings.quote_minutes)
    try:
        found = await plan(ctx, draft)
    except Refusal as refusal:
        return Quote(None, [refusal], expires_at)
    except Refusals as refused:
        return Quote(None, refused.refusals, expires_at)
    return Quote(found, found.refusals, expires_at)


async def plan(ctx: Context, draft: CheckoutDraft) -> Plan:
    """Work a checkout out, as everything is now.

    Raises: Refusal, Refusals when there is nothing that could be priced, LimitExceeded for too many parcels.
    """
    delivery = check(draft)
    basket = await gather(ctx, draft)
    buyer = await attribution.buyer_of(ctx, basket.member_id)
    pricing = await _price(ctx, basket, buyer, draft)
    try:
        demands = spread(basket, draft)
    except Refusals as refused:
        return Plan(basket, buyer, pricing, delivery, (), refused.refusals)
    done = await dispatch(ctx, demands, delivery.position)
    QUOTE_FULFILMENTS.check(len(done.parcels), "fulfilments")
    return Plan(basket, buyer, pricing, delivery, done.parcels, done.refusals)


async def _price(ctx: Context, basket: Basket, buyer: Buyer, draft: CheckoutDraft) -> Pricing:
    list_minor = {each: basket.goods[each].list_minor for each in basket.pieces}
    unit_minor = await prices.resolve(ctx, prices.buyer(ctx, basket.member_id), list_minor)
    lines = [
        Line(
            key=variant_id,
            quantity=quantity,
            list_unit_minor=list_minor[variant_id],
            price_unit_minor=unit_minor[variant_id],
        )
        for variant_id, quantity in basket.pieces.items()
    ]
    try:
        return price(
            lines,
            tier_discount_percent=buyer.discount_percent,
            delivery_minor=_fees(ctx, draft),
        )
    except InvalidAmount:
        raise InvalidInput("The order is too large.") from None


def _fees(ctx: Context, draft: CheckoutDraft) -> int:
    """Each fee once, however many parcels there are."""
    methods = {choice.method for choice in draft.fulfilments}
    fees = {
        FulfilmentMethod.STORE_DELIVERY: ctx.settings.delivery_fee,
        FulfilmentMethod.EXPRESS: ctx.settings.express_fee,
    }
    return sum(parse_amount(fees[m], CurrencyCode.CNY) for m in methods & fees.keys())
