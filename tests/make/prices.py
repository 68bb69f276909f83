"""Price lists and prices for tests, as an ERP sets them."""

from __future__ import annotations

import itertools
from decimal import Decimal
from typing import Any

from models.catalog.prices import PriceListKind
from resolvers.bulk_rows import BatchOutcome, OnError
from resolvers.catalog.prices import lists as price_lists
from resolvers.catalog.prices import setting as price_setting
from resolvers.catalog.prices.lists import PriceListDraft
from resolvers.catalog.prices.setting import PriceDraft
from resolvers.context import Context

_numbers = itertools.count(1)


def a_price(sku: str, price: str | None, list_code: str | None = None, **given: Any) -> PriceDraft:
    amount = None if price is None else Decimal(price)
    return PriceDraft(sku=sku, price=amount, list_code=list_code, **given)


async def a_price_list(ctx: Context, code: str, kind: str, key: str, **given: Any) -> str:
    """The code of a list that is sound."""
    draft = PriceListDraft(code=code, name=code, kind=PriceListKind(kind), key=key, **given)
    outcome = await price_lists.upsert(ctx, [draft])
    assert outcome.refusals == []
    return code


async def price(
    ctx: Context, *drafts: PriceDraft, on_error: OnError = OnError.REJECT_ALL
) -> BatchOutcome:
    """Set prices, all of which must be sound."""
    outcome = await price_setting.set_prices(ctx, drafts, on_error, f"prices-{next(_numbers)}")
    assert outcome.refusals == []
    return outcome
