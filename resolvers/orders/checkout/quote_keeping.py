"""Keeping a quote: the order has the quoted price and locations, or nothing is placed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from models.errors import InvalidInput, QuoteChanged, Refusal, Refusals, StateConflict
from models.money import CurrencyCode, InvalidAmount, to_minor
from models.orders.pricing import PricedLine, Pricing
from models.orders.quotes import (
    Notice,
    NoticeKind,
    Promise,
    PromisedFulfilment,
    differences,
    price_notice,
)
from models.stores.coordinates import Point
from resolvers.catalog.assortments import assortments
from resolvers.context import Context
from resolvers.orders.cart.sellable_variants import on_sale
from resolvers.orders.checkout import quote_tokens
from resolvers.orders.checkout.fulfilment_planning import (
    COUNTER,
    PlannedFulfilment,
    plan_fulfilments,
)
from resolvers.orders.checkout.lines import (
    CheckoutLines,
    FulfilmentDemand,
    LevelKey,
    gather,
    spread,
)
from resolvers.orders.checkout.quoting import Plan, plan, promised, quote
from resolvers.orders.checkout.request import CheckoutRequest, check
from resolvers.referrals import attribution
from resolvers.stock.levels import availability
from resolvers.stores import locations


@dataclass(frozen=True, slots=True)
class Terms:
    """What the caller agreed to: the token of a quote, a total, or neither for the current price."""

    token: str | None = None
    expected_minor: int | None = None

    @classmethod
    def of(cls, token: str | None, expected_total: Decimal | None) -> Terms:
        """Return the terms of an input. Raises: InvalidInput for a total that is not an amount."""
        if expected_total is None:
            return cls(token)
        try:
            return cls(token, to_minor(expected_total, CurrencyCode.CNY))
        except InvalidAmount:
            raise InvalidInput(
                "An amount has at most two decimals and is not beyond reason.",
                path=("expectedTotal",),
            ) from None

    @property
    def given(self) -> bool:
        """Whether the caller has set any terms."""
        return self.token is not None or self.expected_minor is not None


_ANOTHER = "This quote is for another checkout."


class _Broken(Exception):
    """A promise that cannot be kept, or was made for other goods or another caller."""

    def __init__(self, message: str = "What was quoted cannot be kept.") -> None:
        super().__init__(message)


async def worked_out(ctx: Context, request: CheckoutRequest, terms: Terms) -> Plan:
    """Return the plan of an order on these terms.

    Raises: QuoteChanged, InvalidInput for a forged token; without a token what `quoting.plan` raises.
    """
    if terms.token is not None:
        found = await _kept(ctx, request, quote_tokens.read(ctx, terms.token))
    else:
        found = await plan(ctx, request)
        if found.refusals:
            raise Refusals(found.refusals)
    payable_minor = found.pricing.payable_minor
    if terms.expected_minor is not None and terms.expected_minor != payable_minor:
        raise QuoteChanged(
            "The order would not cost what was expected.",
            expected_minor=terms.expected_minor,
            quote=await quote(ctx, request),
            changes=[
                price_notice(
                    terms.expected_minor, payable_minor, next(iter(found.lines.quantities))
                )
            ],
            path=("expectedTotal",),
        )
    return found


async def changed(
    ctx: Context, request: CheckoutRequest, promise: Promise, message: str | None = None
) -> QuoteChanged:
    """Return the refusal that names what has changed, with a new quote.

    A promise for another checkout may be another customer's, so none of its goods are named.
    """
    now = await quote(ctx, request)
    changes = [] if message == _ANOTHER else await _missing(ctx, promise)
    if now.plan is not None:
        changes += differences(promise, now.plan.promise)
    if not changes and now.refusals and message != _ANOTHER:
        kind = NoticeKind.PLACE_CHANGED
        changes = [Notice(kind=kind, variant_id=each) for each in promise.pieces]
    return QuoteChanged(
        message or str(_Broken()),
        expected_minor=promise.payable_minor,
        quote=now,
        changes=changes,
        path=("quoteToken",),
    )


async def _kept(ctx: Context, request: CheckoutRequest, quoted: quote_tokens.Quoted) -> Plan:
    """Return the plan that keeps a quote. Raises: QuoteChanged, StateConflict."""
    promise = quoted.promise
    if quoted.bound != quote_tokens.bound(ctx, request):
        raise await changed(ctx, request, promise, _ANOTHER)
    if quoted.expires_at <= ctx.now():
        raise await changed(ctx, request, promise, "This quote has expired.")
    try:
        return await _as_promised(ctx, request, promise)
    except StateConflict:
        raise  # the cart was ordered, perhaps by this quote
    except _Broken as broken:
        raise await changed(ctx, request, promise, str(broken)) from None
    except (Refusal, Refusals):
        raise await changed(ctx, request, promise) from None


async def _as_promised(ctx: Context, request: CheckoutRequest, promise: Promise) -> Plan:
    """Return the plan with the promised prices, fees and locations. Raises: _Broken, Refusal, Refusals."""
    delivery = check(request)
    lines = await gather(ctx, request)
    if lines.quantities != promise.pieces or lines.member_id != promise.member_id:
        raise _Broken(_ANOTHER)
    buyer = await attribution.buyer_of(ctx, lines.member_id)
    # A new routing that finds the same locations is preferred: the order keeps its whole decision.
    planned = await _planned(ctx, spread(lines, request), delivery.position)
    if not _keeps(promise, planned):
        planned = await _planned(ctx, _demands(promise), delivery.position)
        if not _keeps(promise, planned):
            raise _Broken
    fees = promise.fees_of([*map(promised, planned)])
    charged = [
        replace(each, fee_minor=fee_minor) for each, fee_minor in zip(planned, fees, strict=True)
    ]
    return Plan(lines, buyer, _pricing(lines, promise), delivery, charged, ())


async def _planned(
    ctx: Context, demands: Sequence[FulfilmentDemand], position: Point | None
) -> Sequence[PlannedFulfilment]:
    """Return the fulfilments of the demands, none at all where a demand cannot be met."""
    found = await plan_fulfilments(ctx, demands, position)
    return () if found.refusals else found.fulfilments


def _keeps(promise: Promise, planned: Sequence[PlannedFulfilment]) -> bool:
    return promise.is_kept_by([promised(each) for each in planned])


def _demands(promise: Promise) -> list[FulfilmentDemand]:
    """Return a demand for each promised fulfilment, at its location."""
    return [
        FulfilmentDemand(0, each.method, each.location_id, each.pieces, promised=True)
        for each in promise.parcels
    ]


def _pricing(bought: CheckoutLines, promise: Promise) -> Pricing:
    lines = {line.variant_id: line for line in promise.lines}
    return Pricing(
        tuple(
            PricedLine(
                key=variant_id,
                quantity=quantity,
                list_unit_minor=bought.goods[variant_id].list_minor,
                price_unit_minor=lines[variant_id].unit_minor,
                goods_minor=lines[variant_id].unit_minor * quantity,
                discount_minor=lines[variant_id].discount_minor,
            )
            for variant_id, quantity in bought.quantities.items()
        ),
        promise.delivery_minor,
    )


async def _missing(ctx: Context, promise: Promise) -> list[Notice]:
    """Return notices of what is no longer sold at its promised location, or not in the promised quantity."""
    variants = [line.variant_id for line in promise.lines]
    location_ids = [each.location_id for each in promise.parcels]
    sold = await on_sale(ctx, variants)
    carried = await assortments.carried(ctx, variants, location_ids) if location_ids else set()
    rows = await locations.by_ids(ctx, location_ids)
    open_ids = {row.id for row in rows.values() if row.active}
    found: dict[int, Notice] = {}
    for counter in (True, False):
        of_kind = [each for each in promise.parcels if (each.method in COUNTER) is counter]
        ids = [each.location_id for each in of_kind]
        stock = await availability.at_locations(ctx, variants, ids, counter=counter) if ids else {}
        for each in of_kind:
            for variant_id in each.pieces:
                if variant_id not in sold or (variant_id, each.location_id) not in carried:
                    notice = Notice(kind=NoticeKind.NOT_SOLD_HERE, variant_id=variant_id)
                    found.setdefault(variant_id, notice)
                elif each.location_id in open_ids:
                    _note_short(found, promise, each, variant_id, stock)
    return list(found.values())


def _note_short(
    found: dict[int, Notice],
    promise: Promise,
    fulfilment: PromisedFulfilment,
    variant_id: int,
    stock: Mapping[LevelKey, int],
) -> None:
    """Add a notice if a location has less than all its promised fulfilments need."""
    wanted = sum(
        each.pieces.get(variant_id, 0) - each.awaited.get(variant_id, 0)
        for each in promise.parcels
        if each.location_id == fulfilment.location_id
    )
    left = stock[variant_id, fulfilment.location_id]
    if left < wanted:
        notice = Notice(kind=NoticeKind.NOT_ENOUGH, variant_id=variant_id, available=max(0, left))
        found.setdefault(variant_id, notice)
