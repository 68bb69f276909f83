"""`python -m benchmarks.unguarded serve …`: the server without prices and limits, to measure their cost.

For measurements only: it executes any operation at any cost.
"""

from __future__ import annotations

import sys
from typing import Any

import cli
import server
from schema.cost.pricing import Price
from schema.execution.meter import Meter
from schema.operations import operations
from schema.operations.fair_scheduling import Turns


class Free:
    """A replacement for the prices of an operation, all 0."""

    def __init__(self, *_: Any) -> None:
        pass

    async def price(self, *_: Any) -> Price:
        return Price(0, 0)


class Blind(Meter):
    """A meter that counts nothing and stops nothing."""

    is_due = False

    def take(self, *_: Any) -> None:
        return

    take_texts = take_once = take


class Unshared(Turns):
    """A scheduler that lets every operation continue at once."""

    is_spent = False

    async def begin(self) -> None:
        return


def main() -> int:
    operations.Pricing = Free  # type: ignore[assignment,misc]
    operations.Meter = Blind  # type: ignore[misc]
    operations.Turns = Unshared  # type: ignore[misc]
    server.make_charges = lambda *_: None  # type: ignore[assignment,return-value]
    return int(cli.main() or 0)


if __name__ == "__main__":
    sys.exit(main())
