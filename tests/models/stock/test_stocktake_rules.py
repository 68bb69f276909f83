"""What a count says, and who may act on it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from models.stock.documents.stocktake_rules import (
    Count,
    SerialFinding,
    StocktakeRights,
    StocktakeStatus,
    findings,
    stocktake_actions,
)

MISSING, SURPLUS = SerialFinding.MISSING, SerialFinding.SURPLUS
S = StocktakeStatus
COUNTER = StocktakeRights(counts=True, counted=True)
APPROVER = StocktakeRights(approves=True)
BOTH = StocktakeRights(counts=True, approves=True)
COUNTED_BOTH = StocktakeRights(counts=True, approves=True, counted=True)


@pytest.mark.parametrize(
    ("status", "rights", "actions"),
    [
        (S.OPEN, COUNTER, ["COUNT", "CANCEL"]),
        (S.OPEN, APPROVER, []),
        (S.COUNTED, BOTH, ["APPROVE", "RECOUNT", "CANCEL"]),
        (S.COUNTED, COUNTED_BOTH, ["RECOUNT", "CANCEL"]),
        (S.COUNTED, COUNTER, ["RECOUNT", "CANCEL"]),
        (S.COUNTED, APPROVER, ["APPROVE"]),
        (S.COUNTED, StocktakeRights(), []),
        (S.APPROVED, BOTH, []),
        (S.CANCELLED, BOTH, []),
    ],
)
def test_whoever_counts_goes_on_and_somebody_else_approves(
    status: StocktakeStatus, rights: StocktakeRights, actions: list[str]
) -> None:
    assert stocktake_actions(status, rights) == actions


@pytest.mark.parametrize(("counted", "expected", "difference"), [(5, 3, 2), (3, 5, -2), (4, 4, 0)])
def test_a_difference_says_how_many_are_too_many(
    counted: int, expected: int, difference: int
) -> None:
    assert Count(counted, expected).difference == difference


@pytest.mark.parametrize(
    ("scanned", "expected", "found"),
    [
        ("", "", {}),
        ("AB", "BA", {}),
        ("", "AB", {"A": MISSING, "B": MISSING}),
        ("AB", "", {"A": SURPLUS, "B": SURPLUS}),
        ("AX", "BA", {"B": MISSING, "X": SURPLUS}),
    ],
)
def test_what_differs_is_missing_or_too_many(
    scanned: Sequence[str], expected: Sequence[str], found: dict[str, SerialFinding]
) -> None:
    assert findings(scanned, expected) == found
