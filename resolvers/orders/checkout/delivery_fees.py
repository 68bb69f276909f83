"""Delivery fees of fulfilment methods, and how the planned fulfilments share them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from models.money import CurrencyCode, parse_amount, spread
from models.orders.states import FulfilmentMethod
from resolvers.context import Context
from resolvers.orders.checkout.fulfilment_planning import PlannedFulfilment


def fees_of(ctx: Context, methods: Iterable[FulfilmentMethod]) -> dict[FulfilmentMethod, int]:
    """Return the fee of each method that has one, in minor units; an order pays it once."""
    fees = {
        FulfilmentMethod.STORE_DELIVERY: ctx.settings.delivery_fee,
        FulfilmentMethod.EXPRESS: ctx.settings.express_fee,
    }
    return {each: parse_amount(fees[each], CurrencyCode.CNY) for each in {*methods} & fees.keys()}


def shared(ctx: Context, fulfilments: Sequence[PlannedFulfilment]) -> list[PlannedFulfilment]:
    """Return the fulfilments, each with an equal share of the fee of its method, to the fen."""
    shares = {
        method: iter(spread(fee, [1] * sum(each.method is method for each in fulfilments)))
        for method, fee in fees_of(ctx, (each.method for each in fulfilments)).items()
    }
    return [
        replace(each, fee_minor=next(shares[each.method])) if each.method in shares else each
        for each in fulfilments
    ]
