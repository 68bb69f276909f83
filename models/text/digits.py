"""Numbers in text that strangers send: only short ones are read, since Python raises for long ones."""

from __future__ import annotations

MOST_DIGITS = 18
"""Whatever they are, the number fits into 64 bits."""


def whole_number(text: str | bytes) -> int | None:
    """The number that ASCII digits alone write, at most 18 of them; None for anything else."""
    if not (len(text) <= MOST_DIGITS and text.isascii() and text.isdigit()):
        return None
    return int(text)
