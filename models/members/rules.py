"""Masking of members' personal data for staff who may not see it."""

from __future__ import annotations

_MAINLAND = "+86"
_HIDDEN = "****"
_MAINLAND_DIGITS = 11
# The mask would reveal more of a shorter number than it hides.
_LONG_ENOUGH = 9


def masked_name(name: str) -> str:
    """Return the first character only: 王小明 → 王*. A name of one character is hidden entirely."""
    return f"{name[0]}*" if len(name) > 1 else "*"


def masked_phone(phone: str) -> str:
    """Return a number without its middle: +8613800001234 → 138****1234, +85291234567 → +852****67.

    A short number is hidden entirely: 12345 → ****.
    """
    national = phone.removeprefix(_MAINLAND)
    if len(national) == _MAINLAND_DIGITS and national[0] == "1" and national.isdecimal():
        return national[:3] + _HIDDEN + national[-4:]
    return phone[:4] + _HIDDEN + phone[-2:] if len(phone) >= _LONG_ENOUGH else _HIDDEN
