from __future__ import annotations

from datetime import datetime

import strawberry

from models.bounds import ORDER_LINES, QUOTE_FULFILMENTS
from models.orders.pricing import PricedLine
from models.orders.states import FulfilmentMethod
from resolvers.context import Context
from resolvers.orders.checkout.fulfilment_planning import PlannedFulfilment as Planned
from resolvers.orders.checkout.quoting import Plan
from resolvers.orders.checkout.quoting import Quote as QuoteRow
from schema.batching import batched
from schema.catalog.types import Variant
from schema.cost.directives import sized_list
from schema.errors import UserError, user_errors
from schema.money import Money
from schema.orders.fulfilment.types import FulfilmentLine
from schema.orders.loading import variants_of
from schema.orders.totals import OrderTotals
from schema.stores.types import StockLocation


@strawberry.type
class QuoteLine:
    quantity: int
    unit_price: Money
    discount: Money
    total: Money
    variant_id: strawberry.Private[int]

    @batched
    @staticmethod
    async def variant(parents: list[QuoteLine], ctx: Context) -> list[Variant]:
        return await variants_of(ctx, [each.variant_id for each in parents])

    @classmethod
    def of(cls, variant_id: int, line: PricedLine) -> QuoteLine:
        return cls(
            quantity=line.quantity,
            unit_price=Money.of(line.price_unit_minor),
            discount=Money.of(line.discount_minor),
            total=Money.of(line.total_minor),
            variant_id=variant_id,
        )


@strawberry.type(description="What one place would hand over in one way.")
class PlannedFulfilment:
    method: FulfilmentMethod
    lines: list[FulfilmentLine] = sized_list(ORDER_LINES)
    distance_metres: int | None
    ready_at: datetime | None = strawberry.field(
        description="When it can be collected or leaves; null where it cannot be told."
    )
    promised_at: datetime | None = strawberry.field(
        description="When the customer can have it: at once at a counter; empty where no time is promised."
    )
    fee: Money = strawberry.field(
        description="Its share of the delivery; the fees of all parts add up to it."
    )
    location_id: strawberry.Private[int]

    @batched
    @staticmethod
    async def location(parents: list[PlannedFulfilment], ctx: Context) -> list[StockLocation]:
        return await StockLocation.load(ctx, [each.location_id for each in parents])

    @classmethod
    def of(cls, planned: Planned, now: datetime) -> PlannedFulfilment:
        return cls(
            method=planned.method,
            lines=[
                FulfilmentLine(quantity=quantity, variant_id=variant_id)
                for variant_id, quantity in planned.quantities.items()
            ],
            distance_metres=planned.distance_metres,
            ready_at=now if planned.at_counter else None,
            promised_at=now if planned.at_counter else None,
            fee=Money.of(planned.fee_minor),
            location_id=planned.location_id,
        )


@strawberry.type(
    description="What placing this checkout would do now. With userErrors it cannot be placed."
)
class Quote:
    lines: list[QuoteLine] = sized_list(ORDER_LINES)
    totals: OrderTotals | None = strawberry.field(
        description="What placing it would cost; null for a refused quote."
    )
    fulfilments: list[PlannedFulfilment] = sized_list(QUOTE_FULFILMENTS)
    expires_at: datetime = strawberry.field(description="Until when the token binds.")
    token: str | None = strawberry.field(
        description="Binds prices, fees and places of exactly this input and caller; holds no stock."
        " Null for a refused quote."
    )
    user_errors: list[UserError]

    @classmethod
    def of(cls, quote: QuoteRow, ctx: Context) -> Quote:
        plan = quote.plan
        return cls(
            lines=_lines(plan) if plan else [],
            totals=_totals(plan) if plan and not quote.refusals else None,
            fulfilments=[PlannedFulfilment.of(each, ctx.now()) for each in plan.fulfilments]
            if plan
            else [],
            expires_at=quote.expires_at,
            token=quote.token,
            user_errors=[error for each in quote.refusals for error in user_errors(each, ctx)],
        )


def _lines(plan: Plan) -> list[QuoteLine]:
    priced = zip(plan.lines.quantities, plan.pricing.lines, strict=True)
    return [QuoteLine.of(variant_id, line) for variant_id, line in priced]


def _totals(plan: Plan) -> OrderTotals:
    pricing = plan.pricing
    return OrderTotals.of(pricing.goods_minor, pricing.discount_minor, pricing.delivery_minor)
