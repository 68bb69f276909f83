"""Keeping a quote: the order costs what was said and comes from where it was said, or nothing is placed."""

from __future__ import annotations

from collections.abc import Sequence
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
from resolvers.orders.checkout.fulfilment_planning import COUNTER, PlannedFulfilment, dispatch
from resolvers.orders.checkout.lines import CheckoutLines, FulfilmentDemand, gather, spread
from resolvers.orders.checkout.quoting import Plan, plan, promised, quote
from resolvers.orders.checkout.request import CheckoutRequest, check
from resolvers.referrals import attribution
from resolvers.stock.levels import availability
from resolvers.stores import locations


@dataclass(frozen=True, slots=True)
class Terms:
    """What the caller has seen: the token of a quote, or at least a sum. Neither: whatever it costs now."""

    token: str | None = None
    expected_minor: int | None = None

    @classmethod
    def of(cls, token: str | None, expected_total: Decimal | None) -> Terms:
        """Raises: InvalidInput for what is no amount."""
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
        return self.token is not None or self.expected_minor is not None


_ANOTHER = "This quote is for another checkout."


class _Broken(Exception):
    """What was promised is not to be had, or was promised for other goods or somebody else."""

    def __init__(self, message: str = "What was quoted cannot be kept.") -> None:
        super().__init__(message)


async def worked_out(ctx: Context, draft: CheckoutRequest, terms: Terms) -> Plan:
    """The plan of an order on these terms.

    Raises: QuoteChanged, InvalidInput for a forged token; without a token what `quoting.plan` refuses.
    """
    if terms.token is not None:
        found = await _kept(ctx, draft, quote_tokens.read(ctx, terms.token))
    else:
        found = await plan(ctx, draft)
        if found.refusals:
            raise Refusals(found.refusals)
    payable_minor = found.pricing.payable_minor
    if terms.expected_minor is not None and terms.expected_minor != payable_minor:
        raise QuoteChanged(
            "The order would not cost what was expected.",
            expected_minor=terms.expected_minor,
            quote=await quote(ctx, draft),
            changes=[
                price_notice(terms.expected_minor, payable_minor, next(iter(found.basket.pieces)))
            ],
            path=("expectedTotal",),
        )
    return found


async def changed(
    ctx: Context, draft: CheckoutRequest, promise: Promise, message: str | None = None
) -> QuoteChanged:
    """The refusal that says how everything is now.

    Of a promise for another checkout, which may be somebody else's, no goods are named that this one has not.
    """
    now = await quote(ctx, draft)
    changes = [] if message == _ANOTHER else await _missing(ctx, promise)
    if now.plan is not None:
        changes += differences(promise, now.plan.promise)
    if not changes and now.refusals and message != _ANOTHER:
        lost = NoticeKind.PLACE_CHANGED
        changes = [Notice(kind=lost, variant_id=each) for each in promise.pieces]
    return QuoteChanged(
        message or str(_Broken()),
        expected_minor=promise.payable_minor,
        quote=now,
        changes=changes,
        path=("quoteToken",),
    )


async def _kept(ctx: Context, draft: CheckoutRequest, quoted: quote_tokens.Quoted) -> Plan:
    promise = quoted.promise
    if quoted.bound != quote_tokens.bound(ctx, draft):
        raise await changed(ctx, draft, promise, _ANOTHER)
    if quoted.expires_at <= ctx.now():
        raise await changed(ctx, draft, promise, "This quote has expired.")
    try:
        return await _as_promised(ctx, draft, promise)
    except StateConflict:
        raise  # the cart was ordered: by this quote, perhaps
    except _Broken as broken:
        raise await changed(ctx, draft, promise, str(broken)) from None
    except (Refusal, Refusals):
        raise await changed(ctx, draft, promise) from None


async def _as_promised(ctx: Context, draft: CheckoutRequest, promise: Promise) -> Plan:
    """The plan with the promised prices, fees and places. Raises: _Broken, Refusal, Refusals."""
    delivery = check(draft)
    basket = await gather(ctx, draft)
    if basket.pieces != promise.pieces or basket.member_id != promise.member_id:
        raise _Broken(_ANOTHER)
    buyer = await attribution.buyer_of(ctx, basket.member_id)
    # Where the way to the same places is found anew, its whole decision is kept with the order.
    parcels = await _dispatched(ctx, spread(basket, draft), delivery.position)
    if not _keeps(promise, parcels):
        parcels = await _dispatched(ctx, _demands(promise), delivery.position)
        if not _keeps(promise, parcels):
            raise _Broken
    charged = [
        replace(parcel, fee_minor=fee)
        for parcel, fee in zip(parcels, promise.fees_of([*map(promised, parcels)]), strict=True)
    ]
    return Plan(basket, buyer, _pricing(basket, promise), delivery, charged, ())


async def _dispatched(
    ctx: Context, demands: Sequence[FulfilmentDemand], position: Point | None
) -> Sequence[PlannedFulfilment]:
    """The parcels of the demands; none where a demand cannot be met."""
    done = await dispatch(ctx, demands, position)
    return () if done.refusals else done.parcels


def _keeps(promise: Promise, parcels: Sequence[PlannedFulfilment]) -> bool:
    return promise.is_kept_by([promised(each) for each in parcels])


def _demands(promise: Promise) -> list[FulfilmentDemand]:
    """A demand for each promised parcel, at its place."""
    return [
        FulfilmentDemand(0, each.method, each.location_id, each.pieces, promised=True)
        for each in promise.parcels
    ]


def _pricing(basket: CheckoutLines, promise: Promise) -> Pricing:
    lines = {line.variant_id: line for line in promise.lines}
    return Pricing(
        tuple(
            PricedLine(
                key=variant_id,
                quantity=quantity,
                list_unit_minor=basket.goods[variant_id].list_minor,
                price_unit_minor=lines[variant_id].unit_minor,
                goods_minor=lines[variant_id].unit_minor * quantity,
                discount_minor=lines[variant_id].discount_minor,
            )
            for variant_id, quantity in basket.pieces.items()
        ),
        promise.delivery_minor,
    )


async def _missing(ctx: Context, promise: Promise) -> list[Notice]:
    """What is no longer sold at its promised place, or not in the promised number."""
    variants = [line.variant_id for line in promise.lines]
    places = [each.location_id for each in promise.parcels]
    sold = await on_sale(ctx, variants)
    carried = await assortments.carried(ctx, variants, places) if places else set()
    open_ids = {row.id for row in (await locations.by_ids(ctx, places)).values() if row.active}
    found: dict[int, Notice] = {}
    for counter in (True, False):
        parcels = [each for each in promise.parcels if (each.method in COUNTER) is counter]
        ids = [each.location_id for each in parcels]
        stock = await availability.at_locations(ctx, variants, ids, counter=counter) if ids else {}
        for parcel in parcels:
            for variant_id in parcel.pieces:
                if variant_id not in sold or (variant_id, parcel.location_id) not in carried:
                    notice = Notice(kind=NoticeKind.NOT_SOLD_HERE, variant_id=variant_id)
                    found.setdefault(variant_id, notice)
                elif parcel.location_id in open_ids:
                    _note_short(found, promise, parcel, variant_id, stock)
    return list(found.values())


def _note_short(
    found: dict[int, Notice],
    promise: Promise,
    parcel: PromisedFulfilment,
    variant_id: int,
    stock: dict[tuple[int, int], int],
) -> None:
    """Note that a place has fewer pieces than all its parcels were promised."""
    wanted = sum(
        each.pieces.get(variant_id, 0) - each.awaited.get(variant_id, 0)
        for each in promise.parcels
        if each.location_id == parcel.location_id
    )
    left = stock[variant_id, parcel.location_id]
    if left < wanted:
        notice = Notice(kind=NoticeKind.NOT_ENOUGH, variant_id=variant_id, available=max(0, left))
        found.setdefault(variant_id, notice)
