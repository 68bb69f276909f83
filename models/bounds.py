"""How long the lists of the API become: one table, which whoever writes them and their cost both read.

A list that may outgrow any bound is not here: `resolvers.slices` cuts it where it is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TypeVar

from models.errors import LimitExceeded

T = TypeVar("T")


class Bound(int):
    """The most entries of one list."""

    def check(self, count: int, *path: str | int) -> None:
        """Raises: LimitExceeded that names the field at the end of `path`."""
        if count > self:
            name = next((step for step in reversed(path) if isinstance(step, str)), "")
            raise LimitExceeded(
                "{name} takes at most {maximum} entries.", path=path, name=name, maximum=int(self)
            )

    def cut(self, values: Sequence[T]) -> Sequence[T]:
        """The first of them."""
        return values[:self]


class Vocabulary(Bound):
    """The most entries of a list without repeats, all of them values of the code."""


def all_of(*kinds: type[Enum]) -> Vocabulary:
    """Of a list of values of these kinds."""
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

# Answers.
PATH_STEPS = Bound(10)
STATES = Bound(10)
BULK_NOTES = Bound(10)
USER_ERRORS = Bound(20)
ROW_ERRORS = Bound(10)
