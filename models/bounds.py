"""The maximum lengths of lists in the API, for the code that fills them and for the cost of operations.

A list without a fixed bound is not here: `resolvers.slices` cuts it where it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TypeVar

from models.errors import LimitExceeded

T = TypeVar("T")


class Bound(int):
    """The maximum number of entries of one list."""

    def check(self, count: int, *path: str | int) -> None:
        """Raise LimitExceeded, naming the last field of `path`, when `count` is too large."""
        if count > self:
            name = next((step for step in reversed(path) if isinstance(step, str)), "")
            raise LimitExceeded(
                "{name} takes at most {maximum} entries.", path=path, name=name, maximum=int(self)
            )

    def cut(self, values: Sequence[T]) -> Sequence[T]:
        """Return the first values, as many as the bound allows."""
        return values[:self]


class Vocabulary(Bound):
    """The maximum number of entries of a list of distinct values of enums."""


def all_of(*kinds: type[Enum]) -> Vocabulary:
    """Return the bound of a list of distinct values of these enums."""
    return Vocabulary(sum(map(len, kinds)))


# The catalog.
PRODUCT_VARIANTS = Bound(1_000)
PRODUCT_OPTIONS = Bound(5)
PRODUCT_MEDIA = Bound(50)
PRODUCT_TAGS = Bound(50)
PRODUCT_ATTRIBUTES = Bound(50)
PRODUCT_RELATED = Bound(20)
OPTION_VALUES = Bound(200)
VARIANT_GTINS = Bound(20)
VARIANT_MEDIA = Bound(20)
FACET_VALUES = Bound(50)
FACET_OPTIONS = Bound(50)

# Carts and orders.
ORDER_LINES = Bound(100)
QUOTE_FULFILMENTS = Bound(20)
QUOTE_CHANGES = Bound(20)
ROUTING_PICKS = Bound(100)
ROUTING_CANDIDATES = Bound(50)
CLIENT_PARAMETERS = Bound(20)

# Stores, members, staff.
STORE_HOURS = Bound(50)
TIERS = Bound(50)
COMMISSION_LEVELS = Bound(3)
GRANTS = Bound(100)
SESSIONS = Bound(100)
RECOVERY_CODES = Bound(10)

# Stock.
AUDIT_FAULTS = Bound(500)
DOCUMENT_LOCATIONS = Bound(2)

# Responses.
PATH_STEPS = Bound(10)
STATES = Bound(10)
BULK_NOTES = Bound(10)
USER_ERRORS = Bound(20)
ROW_ERRORS = Bound(10)
