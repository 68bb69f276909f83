"""The plan of a checkout, its prices and its fulfilments, which quote and order share."""

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
from resolvers.orders.checkout.fulfilment_planning import PlannedFulfilment, plan_fulfilments
from resolvers.orders.checkout.lines import CheckoutLines, gather, spread
from resolvers.orders.checkout.quote_tokens import issue
from resolvers.orders.checkout.request import CheckoutRequest, Delivery, check
from resolvers.permissions import for_shoppers
from resolvers.referrals import attribution
from resolvers.referrals.attribution import Buyer


@dataclass(frozen=True, slots=True)
class Plan:
    """A checkout worked out as far as possible; one with refusals cannot be placed."""

    lines: CheckoutLines
    buyer: Buyer
    pricing: Pricing
    delivery: Delivery
    fulfilments: Sequence[PlannedFulfilment]
    refusals: Sequence[Refusal]

    @property
    def promise(self) -> Promise:
        """The prices, fees and locations that a quote of this plan binds."""
        priced = zip(self.lines.quantities, self.pricing.lines, strict=True)
        return Promise(
            self.lines.member_id,
            [
                PromisedLine(variant_id, line.quantity, line.price_unit_minor, line.discount_minor)
                for variant_id, line in priced
            ],
            [promised(each) for each in self.fulfilments],
            self.pricing.delivery_minor,
        )


@dataclass(frozen=True, slots=True)
class Quote:
    """A plan with the token that binds it; a refused quote has no token.

    `plan` is None where the input does not say what is bought.
    """

    plan: Plan | None
    refusals: Sequence[Refusal]
    expires_at: datetime
    token: str | None = None


@for_shoppers
async def quote(ctx: Context, request: CheckoutRequest) -> Quote:
    """Return what `placing.place` would do now, and does with the token; a quote holds no stock."""
    minutes = timedelta(minutes=ctx.settings.quote_minutes)
    expires_at = (ctx.now() + minutes).replace(microsecond=0)
    try:
        found = await plan(ctx, request)
    except Refusal as refusal:
        return Quote(None, [refusal], expires_at)
    except Refusals as refused:
        return Quote(None, refused.refusals, expires_at)
    token = None if found.refusals else issue(ctx, request, found.promise, expires_at)
    return Quote(found, found.refusals, expires_at, token)


def promised(planned: PlannedFulfilment) -> PromisedFulfilment:
    """Return what a quote promises of a planned fulfilment."""
    return PromisedFulfilment(
        planned.method,
        planned.location_id,
        planned.quantities,
        planned.fee_minor,
        planned.awaited,
        planned.awaits_until,
    )


async def plan(ctx: Context, request: CheckoutRequest) -> Plan:
    """Return the plan of a checkout by current prices and stock.

    Raises: Refusal, Refusals when nothing can be priced, LimitExceeded for too many fulfilments.
    """
    delivery = check(request)
    lines = await gather(ctx, request)
    buyer = await attribution.buyer_of(ctx, lines.member_id)
    pricing = await _price(ctx, lines, buyer, request)
    try:
        demands = spread(lines, request)
    except Refusals as refused:
        return Plan(lines, buyer, pricing, delivery, (), refused.refusals)
    planned = await plan_fulfilments(ctx, demands, delivery.position)
    QUOTE_FULFILMENTS.check(len(planned.fulfilments), "fulfilments")
    fulfilments = shared(ctx, planned.fulfilments)
    return Plan(lines, buyer, pricing, delivery, fulfilments, planned.refusals)


async def _price(
    ctx: Context, bought: CheckoutLines, buyer: Buyer, request: CheckoutRequest
) -> Pricing:
    list_minor = {each: bought.goods[each].list_minor for each in bought.quantities}
    unit_minor = await prices.resolve(ctx, prices.buyer(ctx, bought.member_id), list_minor)
    lines = [
        Line(
            key=variant_id,
            quantity=quantity,
            list_unit_minor=list_minor[variant_id],
            price_unit_minor=unit_minor[variant_id],
        )
        for variant_id, quantity in bought.quantities.items()
    ]
    try:
        return price(
            lines,
            tier_discount_percent=buyer.discount_percent,
            delivery_minor=sum(
                fees_of(ctx, (each.method for each in request.fulfilments)).values()
            ),
        )
    except InvalidAmount:
        raise InvalidInput("The order is too large.") from None
