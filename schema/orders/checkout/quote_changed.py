"""What is not as a customer last saw it, and the refusal of an order that would not be as it was quoted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import strawberry

from models.bounds import QUOTE_CHANGES
from models.errors import QuoteChanged as QuoteChangedRefusal
from models.money import CurrencyCode, to_decimal
from models.orders.quotes import Notice, NoticeKind
from resolvers.context import Context
from schema.batching import batched
from schema.catalog.types import Variant
from schema.cost.directives import sized_list
from schema.errors import UserError
from schema.messages import translated
from schema.money import Money
from schema.orders.checkout.types import Quote
from schema.orders.loading import variants_of

strawberry.enum(NoticeKind, name="CheckoutNoticeKind", description="What is different.")

_MESSAGES: Mapping[NoticeKind, str] = MappingProxyType(
    {
        NoticeKind.PRICE_UP: "It costs {after} instead of {before}.",
        NoticeKind.PRICE_DOWN: "It costs {after} instead of {before}.",
        NoticeKind.NOT_ENOUGH: "Only {available} are left there.",
        NoticeKind.NOT_SOLD_HERE: "This is no longer sold there.",
        NoticeKind.PROMOTION_GAINED: "A promotion applies now.",
        NoticeKind.PROMOTION_LOST: "A promotion does not apply any more.",
        NoticeKind.FEE_CHANGED: "Delivery costs {after} instead of {before}.",
        NoticeKind.PLACE_CHANGED: "It would come from another place, or from nowhere.",
    }
)


@strawberry.type(description="One thing that is not as the customer last saw it.")
class CheckoutNotice:
    kind: NoticeKind = strawberry.field(description="What is different.")
    message: str = strawberry.field(description="The same as a sentence in your language.")
    before: Money | None = strawberry.field(
        description="The unit price, the line's total or the fee as it was seen."
    )
    after: Money | None = strawberry.field(description="The same amount as it is now.")
    available: int | None = strawberry.field(
        description="How many pieces are left at the place; null but with NOT_ENOUGH."
    )
    variant_id: strawberry.Private[int]

    @batched
    @staticmethod
    async def variant(parents: list[CheckoutNotice], ctx: Context) -> list[Variant]:
        """The goods that it is about; the first where it is about the whole checkout."""
        return await variants_of(ctx, [each.variant_id for each in parents])

    @classmethod
    def of(cls, notice: Notice, language: str) -> CheckoutNotice:
        return cls(
            kind=notice.kind,
            message=translated(_MESSAGES[notice.kind], language, **_parts(notice)),
            before=Money.optional(notice.before_minor),
            after=Money.optional(notice.after_minor),
            available=notice.available,
            variant_id=notice.variant_id,
        )


@strawberry.type(
    description="The order would not be what was quoted or expected; nothing was placed."
)
class QuoteChanged(UserError):
    expected_total: Money = strawberry.field(description="The sum that was quoted or expected.")
    quote: Quote = strawberry.field(description="What holds now, with a token of its own.")
    changes: list[CheckoutNotice] = sized_list(
        QUOTE_CHANGES, description="What is different; empty where only the time is over."
    )

    @classmethod
    def from_refusal(
        cls, refusal: QuoteChangedRefusal, ctx: Context, common: dict[str, Any]
    ) -> QuoteChanged:
        changes: Sequence[Notice] = QUOTE_CHANGES.cut(refusal.changes)  # type: ignore[arg-type] # nor a notice
        return cls(
            **common,
            expected_total=Money.of(refusal.expected_minor),
            quote=Quote.of(refusal.quote, ctx),  # type: ignore[arg-type] # models know no quote
            changes=[CheckoutNotice.of(each, ctx.language) for each in changes],
        )


def _parts(notice: Notice) -> dict[str, object]:
    amounts = {"before": notice.before_minor, "after": notice.after_minor}
    parts: dict[str, object] = {
        name: to_decimal(minor, CurrencyCode.CNY)
        for name, minor in amounts.items()
        if minor is not None
    }
    return {**parts, "available": notice.available}
