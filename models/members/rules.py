"""What of a member is shown to those who may not know who it is."""

from __future__ import annotations

_MAINLAND = "+86"
_HIDDEN = "****"
_MAINLAND_DIGITS = 11
# A shorter number would show more than it hides.
_LONG_ENOUGH = 9


def masked_name(name: str) -> str:
    """The first character alone: 王小明 → 王*. A name of one character is hidden as a whole."""
    return f"{name[0]}*" if len(name) > 1 else "*"


def masked_phone(phone: str) -> str:
    """A number without its middle: +8613800001234 → 138****1234, +85291234567 → +852****67, 12345 → ****."""
    national = phone.removeprefix(_MAINLAND)
    if len(national) == _MAINLAND_DIGITS and national[0] == "1" and national.isdecimal():
        return national[:3] + _HIDDEN + national[-4:]
    return phone[:4] + _HIDDEN + phone[-2:] if len(phone) >= _LONG_ENOUGH else _HIDDEN
