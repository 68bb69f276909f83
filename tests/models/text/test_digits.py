from __future__ import annotations

import pytest

from models.text.digits import whole_number


@pytest.mark.parametrize("text", ["0", "007", "1" * 18, b"42"])
def test_short_digits_are_a_number(text: str | bytes) -> None:
    assert whole_number(text) == int(text)


@pytest.mark.parametrize(
    "text", ["", "-1", "+1", "1.0", " 1", "1_000", "１", "²", "1" * 19, "1" * 5_000]
)
def test_anything_else_is_none(text: str) -> None:
    assert whole_number(text) is None
