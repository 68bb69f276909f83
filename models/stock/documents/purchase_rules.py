"""Statuses, transitions and permissions of purchase orders and supplier returns."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from models.stock.state_machines import S, Transitions, actions_of
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
    """RECEIVE applies to purchase orders only, SHIP to supplier returns only."""

    APPROVE = "APPROVE"
    RECEIVE = "RECEIVE"
    SHIP = "SHIP"
    CANCEL = "CANCEL"


_P, _R, _A = PurchaseOrderStatus, SupplierReturnStatus, PurchaseAction
# RECEIVE leads to PARTIALLY_RECEIVED while a quantity is outstanding.
PURCHASE_TRANSITIONS: Transitions[PurchaseOrderStatus, PurchaseAction] = {
    _P.SUBMITTED: {_A.APPROVE: _P.APPROVED, _A.CANCEL: _P.CANCELLED},
    _P.APPROVED: {_A.RECEIVE: _P.RECEIVED, _A.CANCEL: _P.CANCELLED},
    _P.PARTIALLY_RECEIVED: {_A.RECEIVE: _P.RECEIVED, _A.CANCEL: _P.CANCELLED},
}
RETURN_TRANSITIONS: Transitions[SupplierReturnStatus, PurchaseAction] = {
    _R.SUBMITTED: {_A.APPROVE: _R.APPROVED, _A.CANCEL: _R.CANCELLED},
    _R.APPROVED: {_A.SHIP: _R.SHIPPED, _A.CANCEL: _R.CANCELLED},
}
EXPECTED = (_P.APPROVED, _P.PARTIALLY_RECEIVED)
# Units in other states belong to orders.
RETURNABLE = (StockState.AVAILABLE, StockState.DAMAGED, StockState.QUARANTINED)


@dataclass(frozen=True, slots=True)
class PurchaseRights:
    """The caller's rights at a document's location; `created` is whether the caller created the document."""

    created: bool = False
    writes: bool = False
    approves: bool = False
    handles: bool = False


def may_purchase(action: PurchaseAction, rights: PurchaseRights, *, four_eyes: bool) -> bool:
    """Return whether the rights permit the action; with `four_eyes` creators cannot approve their own."""
    match action:
        case PurchaseAction.APPROVE:
            return rights.approves and not (four_eyes and rights.created)
        case PurchaseAction.CANCEL:
            return rights.writes or rights.approves
    return rights.handles


def purchase_actions(
    life: Transitions[S, PurchaseAction], status: S, rights: PurchaseRights, *, four_eyes: bool
) -> list[PurchaseAction]:
    """Return what this caller may do now with a document of that life."""
    actions = actions_of(life, status)
    return [each for each in actions if may_purchase(each, rights, four_eyes=four_eyes)]
