"""What may be done with stock documents, as enums."""

from __future__ import annotations

from enum import StrEnum

from models.stock.documents.stocktake_rules import StocktakeAction
from models.stock.documents.transfer_rules import TransferAction
from schema.enums import described_enum


class PurchaseOrderAction(StrEnum):
    """A step of a purchase order."""

    APPROVE = "APPROVE"
    RECEIVE = "RECEIVE"
    CANCEL = "CANCEL"


class SupplierReturnAction(StrEnum):
    """A step of a supplier return."""

    APPROVE = "APPROVE"
    SHIP = "SHIP"
    CANCEL = "CANCEL"


described_enum(
    TransferAction,
    "What may be done with a transfer.",
    APPROVE="Approve it, maybe for fewer pieces.",
    REJECT="Refuse it.",
    SHIP="Say which pieces have left the source.",
    RECEIVE="Say which pieces have come to the destination.",
    CANCEL="Cancel it; what is on the road is called back.",
)
described_enum(
    PurchaseOrderAction,
    "What may be done with a purchase order.",
    APPROVE="Approve it.",
    RECEIVE="Say which pieces have come.",
    CANCEL="Cancel what has not come.",
)
described_enum(
    SupplierReturnAction,
    "What may be done with a return to a supplier.",
    APPROVE="Approve it.",
    SHIP="Say that the pieces have left.",
    CANCEL="Cancel it.",
)
described_enum(
    StocktakeAction,
    "What may be done with a stocktake.",
    COUNT="Write down what was counted.",
    RECOUNT="Count lines again.",
    APPROVE="Approve it: differences become movements.",
    CANCEL="Cancel it; nothing moves.",
)
