"""Where somebody or something is: points and postal addresses as they are given and checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.errors import InvalidInput
from models.stores.coordinates import CoordinateSystem, InvalidPoint, Point
from resolvers.validation import contact_phone_of, text_of

_TEXTS = {
    "recipient": 100,
    "province": 64,
    "city": 64,
    "district": 64,
    "street": 300,
}
_LIMITS = {"latitude": 90, "longitude": 180}


@dataclass(frozen=True, slots=True)
class PointDraft:
    """Degrees as given, unchecked, and the system they are in."""

    latitude: float
    longitude: float
    system: CoordinateSystem = CoordinateSystem.WGS84


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressDraft:
    street: str
    recipient: str | None = None
    phone: str | None = None
    province: str | None = None
    city: str | None = None
    district: str | None = None
    division_code: str | None = None
    position: PointDraft | None = None


def point_of(draft: PointDraft, *path: str | int) -> Point:
    """The checked point.

    Raises: InvalidInput naming latitude or longitude below `path`, or `path` itself for 0, 0: in the sea,
    where devices and files put whatever has no position.
    """
    if draft.latitude == draft.longitude == 0:
        raise InvalidInput("0, 0 is no place: leave out a position that is not known.", path=path)
    try:
        return Point(draft.latitude, draft.longitude, draft.system)
    except InvalidPoint as error:
        raise InvalidInput(
            "The {field} must lie between -{limit} and {limit} degrees.",
            path=(*path, error.field),
            field=error.field,
            limit=_LIMITS.get(error.field, 180),
        ) from None


def address_of(draft: AddressDraft, *path: str | int) -> dict[str, Any]:
    """The checked address as it is kept: only what was given, without its position.

    Raises: InvalidInput naming the field below `path`.
    """
    kept: dict[str, Any] = {}
    for name, maximum in _TEXTS.items():
        text = getattr(draft, name)
        if text is not None and (text.strip() or name == "street"):
            kept[name] = text_of(text, (*path, name), maximum)
    if draft.phone and draft.phone.strip():
        kept["phone"] = contact_phone_of(draft.phone, (*path, "phone"))
    if draft.division_code:
        if not (draft.division_code.isascii() and draft.division_code.isdecimal()):
            raise InvalidInput(
                "A division code has digits only.",
                path=(*path, "divisionCode"),
            )
        kept["division_code"] = text_of(draft.division_code, (*path, "divisionCode"), 12)
    return kept
