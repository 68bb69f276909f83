"""What a count by serial numbers says."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from models.stock.documents.stocktake_rules import SerialFinding, findings

MISSING, SURPLUS = SerialFinding.MISSING, SerialFinding.SURPLUS


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
