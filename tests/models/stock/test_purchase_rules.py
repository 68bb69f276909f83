from __future__ import annotations

import pytest

from models.stock.documents.purchase_rules import (
    EXPECTED,
    PURCHASE_TRANSITIONS,
    RETURN_TRANSITIONS,
    RETURNABLE,
    PurchaseOrderStatus,
    PurchaseRights,
    SupplierReturnStatus,
    purchase_actions,
)
from models.stock.states import StockState

BUYER = PurchaseRights(created=True, writes=True)
APPROVER = PurchaseRights(approves=True)
BOTH = PurchaseRights(created=True, writes=True, approves=True)
STORE = PurchaseRights(handles=True)
ALL = PurchaseRights(writes=True, approves=True, handles=True)
ONLOOKER = PurchaseRights(created=True)
P, R = PurchaseOrderStatus, SupplierReturnStatus


@pytest.mark.parametrize(
    ("status", "rights", "actions"),
    [
        (P.DRAFT, ALL, []),
        (P.SUBMITTED, ALL, ["APPROVE", "CANCEL"]),
        (P.SUBMITTED, BUYER, ["CANCEL"]),
        (P.SUBMITTED, APPROVER, ["APPROVE", "CANCEL"]),
        (P.SUBMITTED, BOTH, ["CANCEL"]),
        (P.SUBMITTED, STORE, []),
        (P.SUBMITTED, ONLOOKER, []),
        (P.APPROVED, ALL, ["RECEIVE", "CANCEL"]),
        (P.APPROVED, STORE, ["RECEIVE"]),
        (P.APPROVED, BUYER, ["CANCEL"]),
        (P.PARTIALLY_RECEIVED, ALL, ["RECEIVE", "CANCEL"]),
        (P.PARTIALLY_RECEIVED, STORE, ["RECEIVE"]),
        (P.RECEIVED, ALL, []),
        (P.CANCELLED, ALL, []),
    ],
)
def test_state_and_rights_say_what_may_be_done_with_a_purchase_order(
    status: PurchaseOrderStatus, rights: PurchaseRights, actions: list[str]
) -> None:
    assert purchase_actions(PURCHASE_TRANSITIONS, status, rights, four_eyes=True) == actions


@pytest.mark.parametrize(
    ("status", "rights", "actions"),
    [
        (R.SUBMITTED, ALL, ["APPROVE", "CANCEL"]),
        (R.SUBMITTED, BOTH, ["CANCEL"]),
        (R.SUBMITTED, STORE, []),
        (R.APPROVED, ALL, ["SHIP", "CANCEL"]),
        (R.APPROVED, STORE, ["SHIP"]),
        (R.APPROVED, APPROVER, ["CANCEL"]),
        (R.SHIPPED, ALL, []),
        (R.CANCELLED, ALL, []),
    ],
)
def test_state_and_rights_say_what_may_be_done_with_a_supplier_return(
    status: SupplierReturnStatus, rights: PurchaseRights, actions: list[str]
) -> None:
    assert purchase_actions(RETURN_TRANSITIONS, status, rights, four_eyes=True) == actions


def test_without_four_eyes_whoever_created_may_approve() -> None:
    assert purchase_actions(PURCHASE_TRANSITIONS, P.SUBMITTED, BOTH, four_eyes=False) == [
        "APPROVE",
        "CANCEL",
    ]
    assert purchase_actions(RETURN_TRANSITIONS, R.SUBMITTED, BOTH, four_eyes=False) == [
        "APPROVE",
        "CANCEL",
    ]
    assert purchase_actions(PURCHASE_TRANSITIONS, P.SUBMITTED, BUYER, four_eyes=False) == ["CANCEL"]


def test_goods_are_expected_until_all_have_come() -> None:
    assert set(EXPECTED) == {P.APPROVED, P.PARTIALLY_RECEIVED}


def test_only_pieces_that_no_customer_has_a_claim_on_go_back() -> None:
    assert set(RETURNABLE) == {
        StockState.AVAILABLE,
        StockState.DAMAGED,
        StockState.QUARANTINED,
    }
