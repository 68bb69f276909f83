"""The states a piece can be in, why it moves between them, and the life of a hold."""

from __future__ import annotations

from enum import StrEnum


class StockState(StrEnum):
    """Where a piece is. OUTSIDE and IN_TRANSIT are no state of a level: pieces come from and go there."""

    OUTSIDE = "OUTSIDE"
    AVAILABLE = "AVAILABLE"
    HELD = "HELD"
    COMMITTED = "COMMITTED"
    DAMAGED = "DAMAGED"
    QUARANTINED = "QUARANTINED"
    IN_TRANSIT = "IN_TRANSIT"


BEYOND = (StockState.OUTSIDE, StockState.IN_TRANSIT)


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
    """HELD until it expires, COMMITTED once paid, TAKEN when handed over.

    RELEASED pieces may be taken again by a late payment; WITHDRAWN ones never are: the order was refunded,
    or the pieces now come from elsewhere.
    """

    HELD = "HELD"
    COMMITTED = "COMMITTED"
    TAKEN = "TAKEN"
    RELEASED = "RELEASED"
    WITHDRAWN = "WITHDRAWN"


class AllocationStatus(StrEnum):
    """A promise of pieces that are yet to come: HELD until paid, AWAITED until FILLED by pieces that came.

    RELEASED ones may be promised again by a late payment, WITHDRAWN ones never are.
    """

    HELD = "HELD"
    AWAITED = "AWAITED"
    FILLED = "FILLED"
    RELEASED = "RELEASED"
    WITHDRAWN = "WITHDRAWN"
