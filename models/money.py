"""Money: an integer number of minor units (fen, cents) and a currency.

`Decimal` is only used at the boundary: `to_minor` converts input, `to_decimal` converts output.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Context, Decimal, Inexact, InvalidOperation, Overflow
from enum import StrEnum

MAX_MINOR = 10**13


class CurrencyCode(StrEnum):
    CNY = "CNY"
    HKD = "HKD"
    TWD = "TWD"
    MOP = "MOP"
    USD = "USD"


class InvalidAmount(ValueError):
    """An amount that is not finite, finer than the currency or beyond `MAX_MINOR`."""


_PLAIN = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?", re.ASCII)
_MINOR_DIGITS = dict.fromkeys(CurrencyCode, 2)
# Own contexts: the thread's context may round, and a hostile exponent must not build a huge number.
_EXACT = Context(prec=40, traps=[Inexact, InvalidOperation, Overflow])
_DOWN = Context(prec=60, rounding=ROUND_FLOOR, traps=[InvalidOperation])


def minor_digits(currency: CurrencyCode) -> int:
    return _MINOR_DIGITS[currency]


def to_minor(amount: Decimal, currency: CurrencyCode) -> int:
    """Return the signed amount in minor units; trailing zeros ("1.500") do not count as decimals.

    Raises: InvalidAmount.
    """
    if not amount.is_finite():
        raise InvalidAmount("an amount must be a finite number")
    try:
        minor = amount.scaleb(minor_digits(currency), _EXACT).to_integral_exact(context=_EXACT)
    except Overflow as error:
        raise InvalidAmount("the amount is too large") from error
    except (Inexact, InvalidOperation) as error:
        digits = minor_digits(currency)
        raise InvalidAmount(f"{currency} has at most {digits} decimals") from error
    if abs(minor) > MAX_MINOR:
        raise InvalidAmount("the amount is too large")
    return int(minor)


def parse_amount(text: str, currency: CurrencyCode) -> int:
    """Return the minor units of an amount in plain notation, such as "12.50".

    Raises: InvalidAmount.
    """
    if not _PLAIN.fullmatch(text):
        raise InvalidAmount("an amount is written like 12.50")
    return to_minor(Decimal(text), currency)


def to_decimal(minor: int, currency: CurrencyCode) -> Decimal:
    """Return the amount with exactly the currency's decimals: 1250 → Decimal("12.50")."""
    return Decimal(minor).scaleb(-minor_digits(currency), _EXACT)


def spread(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Return shares of the total in proportion to the weights, which add up to it exactly.

    Each share is its quota rounded down. The remaining units go to the largest remainders, and of equal
    ones to the earlier line. No share exceeds its weight while the total does not exceed their sum.

    Raises: ValueError for a negative total or weight, or a positive total without a positive weight.
    Source: the largest remainder method (Hamilton).
    """
    if total_minor < 0 or any(weight < 0 for weight in weights):
        raise ValueError("neither the total nor a weight may be negative")
    whole = sum(weights)
    if whole == 0:
        if total_minor:
            raise ValueError("no weight carries the total")
        return [0] * len(weights)
    shares = [total_minor * weight // whole for weight in weights]
    remainders = [total_minor * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda line: -remainders[line])
    for line in by_remainder[: total_minor - sum(shares)]:
        shares[line] += 1
    return shares


def share_down(base_minor: int, rate: Decimal) -> int:
    """Return the base times a rate between 0 and 1, rounded down to the minor unit.

    Raises: ValueError for a negative base or a rate outside 0…1.
    """
    if base_minor < 0:
        raise ValueError("the base may not be negative")
    if not rate.is_finite() or not 0 <= rate <= 1:
        raise ValueError("a rate lies between 0 and 1")
    return int(_DOWN.multiply(Decimal(base_minor), rate).to_integral_value(ROUND_FLOOR))
