"""What the ways of fulfilment cost, and how their parcels share it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from models.money import CurrencyCode, parse_amount, spread
from models.orders.states import FulfilmentMethod
from resolvers.context import Context
from resolvers.orders.checkout.fulfilment_planning import PlannedFulfilment


def fees_of(ctx: Context, methods: Iterable[FulfilmentMethod]) -> dict[FulfilmentMethod, int]:
    """The fee of each way that has one, once however many parcels there are, in minor units."""
    fees = {
        FulfilmentMethod.STORE_DELIVERY: ctx.settings.delivery_fee,
        FulfilmentMethod.EXPRESS: ctx.settings.express_fee,
    }
    return {each: parse_amount(fees[each], CurrencyCode.CNY) for each in {*methods} & fees.keys()}


def shared(ctx: Context, parcels: Sequence[PlannedFulfilment]) -> list[PlannedFulfilment]:
    """The parcels, each with an equal share of the fee of its way, to the fen."""
    shares = {
        method: iter(spread(fee, [1] * sum(each.method is method for each in parcels)))
        for method, fee in fees_of(ctx, (each.method for each in parcels)).items()
    }
    return [
        replace(each, fee_minor=next(shares[each.method])) if each.method in shares else each
        for each in parcels
    ]
