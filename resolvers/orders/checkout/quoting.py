"""What a checkout would cost and who would hand it over: the one plan that quote and order share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from models.bounds import QUOTE_FULFILMENTS
from models.errors import InvalidInput, Refusal, Refusals
from models.money import InvalidAmount
from models.orders.pricing import Line, Pricing, price
from models.orders.quotes import Promise, PromisedFulfilment, PromisedLine
from resolvers.catalog.prices import prices
from resolvers.context import Context
from resolvers.orders.checkout.delivery_fees import fees_of, shared
from resolvers.orders.checkout.fulfilment_planning import PlannedFulfilment, dispatch
from resolvers.orders.checkout.lines import CheckoutLines, gather, spread
from resolvers.orders.checkout.quote_tokens import issue
from resolvers.orders.checkout.request import CheckoutRequest, Delivery, check
from resolvers.permissions import for_shoppers
from resolvers.referrals import attribution
from resolvers.referrals.attribution import Buyer


@dataclass(frozen=True, slots=True)
class Plan:
    """A checkout worked out; with refusals it cannot be placed, and is worked out as far as possible."""

    basket: CheckoutLines
    buyer: Buyer
    pricing: Pricing
    delivery: Delivery
    parcels: Sequence[PlannedFulfilment]
    refusals: Sequence[Refusal]

    @property
    def promise(self) -> Promise:
        """What a quote of this plan binds."""
        priced = zip(self.basket.pieces, self.pricing.lines, strict=True)
        return Promise(
            self.basket.member_id,
            [
                PromisedLine(variant_id, line.quantity, line.price_unit_minor, line.discount_minor)
                for variant_id, line in priced
            ],
            [promised(each) for each in self.parcels],
            self.pricing.delivery_minor,
        )


@dataclass(frozen=True, slots=True)
class Quote:
    """`plan` is empty where the input does not even say what is bought; a refused quote has no token."""

    plan: Plan | None
    refusals: Sequence[Refusal]
    expires_at: datetime
    token: str | None = None


@for_shoppers
async def quote(ctx: Context, draft: CheckoutRequest) -> Quote:
    """What `placing.place` would do now, and will do with its token; nothing is held by it."""
    minutes = timedelta(minutes=ctx.settings.quote_minutes)
    expires_at = (ctx.now() + minutes).replace(microsecond=0)
    try:
        found = await plan(ctx, draft)
    except Refusal as refusal:
        return Quote(None, [refusal], expires_at)
    except Refusals as refused:
        return Quote(None, refused.refusals, expires_at)
    token = None if found.refusals else issue(ctx, draft, found.promise, expires_at)
    return Quote(found, found.refusals, expires_at, token)


def promised(parcel: PlannedFulfilment) -> PromisedFulfilment:
    return PromisedFulfilment(
        parcel.method,
        parcel.location_id,
        parcel.pieces,
        parcel.fee_minor,
        parcel.awaited,
        parcel.awaits_until,
    )


async def plan(ctx: Context, draft: CheckoutRequest) -> Plan:
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
    return Plan(basket, buyer, pricing, delivery, shared(ctx, done.parcels), done.refusals)


async def _price(
    ctx: Context, basket: CheckoutLines, buyer: Buyer, draft: CheckoutRequest
) -> Pricing:
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
            delivery_minor=sum(fees_of(ctx, (each.method for each in draft.fulfilments)).values()),
        )
    except InvalidAmount:
        raise InvalidInput("The order is too large.") from None
