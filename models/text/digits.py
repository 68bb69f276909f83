"""Parsing of numbers in untrusted text; Python raises an error for very long ones."""

from __future__ import annotations

MOST_DIGITS = 18
"""A number of this many digits fits into 64 bits."""


def whole_number(text: str | bytes) -> int | None:
    """Return the number of up to 18 ASCII digits; None for anything else."""
    if not (len(text) <= MOST_DIGITS and text.isascii() and text.isdigit()):
        return None
    return int(text)
