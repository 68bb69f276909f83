"""States of stock, reasons of movements, and statuses of holds and backorder allocations."""

from __future__ import annotations

from enum import StrEnum


class StockState(StrEnum):
    """The state of a unit. A level has no column for OUTSIDE and IN_TRANSIT."""

    OUTSIDE = "OUTSIDE"
    AVAILABLE = "AVAILABLE"
    HELD = "HELD"
    COMMITTED = "COMMITTED"
    DAMAGED = "DAMAGED"
    QUARANTINED = "QUARANTINED"
    IN_TRANSIT = "IN_TRANSIT"


OFF_LEVEL_STATES = (StockState.OUTSIDE, StockState.IN_TRANSIT)


class MovementReason(StrEnum):
    PURCHASE_RECEIPT = "PURCHASE_RECEIPT"
    SALE = "SALE"
    RETURN = "RETURN"
    TRANSFER = "TRANSFER"
    ADJUSTMENT = "ADJUSTMENT"
    STOCKTAKE = "STOCKTAKE"
    HOLD = "HOLD"
    RELEASE = "RELEASE"
    COMMIT = "COMMIT"
    SYNC = "SYNC"
    DAMAGE = "DAMAGE"
    SUPPLIER_RETURN = "SUPPLIER_RETURN"


class HoldStatus(StrEnum):
    """The status of a hold: HELD before payment, COMMITTED after it, TAKEN after the goods are handed over.

    A late payment may commit a RELEASED hold again. A WITHDRAWN hold is final: the order was refunded, or
    another location fulfils it.
    """

    HELD = "HELD"
    COMMITTED = "COMMITTED"
    TAKEN = "TAKEN"
    RELEASED = "RELEASED"
    WITHDRAWN = "WITHDRAWN"


class AllocationStatus(StrEnum):
    """The status of a backorder allocation: HELD before payment, AWAITED after it, FILLED at the end.

    A FILLED allocation has received all its units. A late payment may claim a RELEASED allocation again.
    A WITHDRAWN allocation is final.
    """

    HELD = "HELD"
    AWAITED = "AWAITED"
    FILLED = "FILLED"
    RELEASED = "RELEASED"
    WITHDRAWN = "WITHDRAWN"
