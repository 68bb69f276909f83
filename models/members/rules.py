"""What of a member is shown to those who may not know who it is."""

from __future__ import annotations

_MAINLAND = "+86"
_HIDDEN = "****"


def masked_name(name: str) -> str:
    """The first character alone: 王小明 → 王*. A name of one character is hidden as a whole."""
    return f"{name[0]}*" if len(name) > 1 else "*"


def masked_phone(phone: str) -> str:
    """A number in E.164 without its middle: +8613800001234 → 138****1234, +85291234567 → +852****67."""
    if phone.startswith(_MAINLAND) and len(phone) == len(_MAINLAND) + 11:
        national = phone.removeprefix(_MAINLAND)
        return national[:3] + _HIDDEN + national[-4:]
    return phone[:4] + _HIDDEN + phone[-2:]
