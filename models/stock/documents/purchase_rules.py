"""The lives of purchase orders and of goods that go back to a supplier."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from models.stock.state_machines import Life, S, actions_of
from models.stock.states import StockState


class PurchaseOrderStatus(StrEnum):
    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    PARTIALLY_RECEIVED = "PARTIALLY_RECEIVED"
    RECEIVED = "RECEIVED"
    CANCELLED = "CANCELLED"


class SupplierReturnStatus(StrEnum):
    SUBMITTED = "SUBMITTED"
    APPROVED = "APPROVED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"


class PurchaseAction(StrEnum):
    """RECEIVE is a purchase order's, SHIP a supplier return's."""

    APPROVE = "APPROVE"
    RECEIVE = "RECEIVE"
    SHIP = "SHIP"
    CANCEL = "CANCEL"


_P, _R, _A = PurchaseOrderStatus, SupplierReturnStatus, PurchaseAction
# RECEIVE leads to RECEIVED once everything has come, else to PARTIALLY_RECEIVED.
PURCHASE_LIFE: Life[PurchaseOrderStatus, PurchaseAction] = {
    _P.SUBMITTED: {_A.APPROVE: _P.APPROVED, _A.CANCEL: _P.CANCELLED},
    _P.APPROVED: {_A.RECEIVE: _P.RECEIVED, _A.CANCEL: _P.CANCELLED},
    _P.PARTIALLY_RECEIVED: {_A.RECEIVE: _P.RECEIVED, _A.CANCEL: _P.CANCELLED},
}
RETURN_LIFE: Life[SupplierReturnStatus, PurchaseAction] = {
    _R.SUBMITTED: {_A.APPROVE: _R.APPROVED, _A.CANCEL: _R.CANCELLED},
    _R.APPROVED: {_A.SHIP: _R.SHIPPED, _A.CANCEL: _R.CANCELLED},
}
EXPECTED = (_P.APPROVED, _P.PARTIALLY_RECEIVED)
# What a place may send back: pieces that no customer has a claim on.
RETURNABLE = (StockState.AVAILABLE, StockState.DAMAGED, StockState.QUARANTINED)


@dataclass(frozen=True, slots=True)
class PurchaseRights:
    """What somebody may do at a document's place; `created` it, which may bar them from approving it."""

    created: bool = False
    writes: bool = False
    approves: bool = False
    handles: bool = False


def may_purchase(action: PurchaseAction, rights: PurchaseRights, *, four_eyes: bool) -> bool:
    """Whether these rights suffice; with `four_eyes` nobody approves what they created."""
    match action:
        case PurchaseAction.APPROVE:
            return rights.approves and not (four_eyes and rights.created)
        case PurchaseAction.CANCEL:
            return rights.writes or rights.approves
    return rights.handles


def purchase_actions(
    life: Life[S, PurchaseAction], status: S, rights: PurchaseRights, *, four_eyes: bool
) -> list[PurchaseAction]:
    """Return what this caller may do now with a document of that life."""
    actions = actions_of(life, status)
    return [each for each in actions if may_purchase(each, rights, four_eyes=four_eyes)]
