"""How lists of orders and fulfilments are sorted."""

from __future__ import annotations

from resolvers.orders.fulfilment.lists import FulfilmentSort
from resolvers.orders.order_lists import OrderSort
from schema.enums import described_enum

__all__ = ["FulfilmentSort", "OrderSort"]

described_enum(
    OrderSort,
    "How orders are sorted.",
    NEWEST="The latest placed first.",
    OLDEST="The earliest placed first.",
    UPDATED="The latest changed first.",
    PAYABLE_DESC="The largest amount payable first.",
)
described_enum(
    FulfilmentSort,
    "How fulfilments are sorted.",
    OLDEST="The earliest made first.",
    NEWEST="The latest made first.",
    DUE="What is due soonest first; what is not due at all last.",
)
