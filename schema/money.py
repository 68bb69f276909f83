"""Money as clients see it: an exact decimal amount and its currency."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

import strawberry

from models.money import CurrencyCode, to_decimal

strawberry.enum(CurrencyCode)


@strawberry.type(description="An exact amount with exactly the currency's decimals.")
class Money:
    amount: Decimal
    currency: CurrencyCode

    @staticmethod
    @lru_cache(maxsize=16_384)  # lists show the same prices again and again
    def of(amount_minor: int, currency: CurrencyCode = CurrencyCode.CNY) -> Money:
        return Money(amount=to_decimal(amount_minor, currency), currency=currency)

    @classmethod
    def optional(cls, amount_minor: int | None) -> Money | None:
        return None if amount_minor is None else cls.of(amount_minor)


@strawberry.input
class MoneyInput:
    amount: Decimal
    currency: CurrencyCode = CurrencyCode.CNY
