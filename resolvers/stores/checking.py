"""Rows of stores checked by themselves: the columns that each gives, each fault named by its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.bounds import STORE_HOURS
from models.catalog.search import search_text
from models.errors import InvalidInput
from models.stores import hours
from models.stores.coordinates import CoordinateSystem, convert
from resolvers.bulk_rows import KEEP, Faults, Unset
from resolvers.stores.addresses import PointDraft, address_of, point_of
from resolvers.stores.drafts import HoursDraft, StoreDraft
from resolvers.validation import code_of, contact_phone_of, line_of

MAXIMUM_RADIUS_METRES = 1_000_000


def check_store(draft: StoreDraft, faults: Faults) -> dict[str, Any]:
    """The columns of a location that the row gives; what is wrong goes to `faults`."""
    check = faults.check
    code, name = check(code_of, draft.code, "code"), check(line_of, draft.name, "name", 200)
    address = check(address_of, draft.address, "address") or {}
    columns: dict[str, Any] = {
        "name": name,
        "address": address,
        "city": address.get("city"),
        "search_text": search_text(
            name or "", code or "", address.get("city", ""), address.get("street", "")
        ),
        **_position(draft, faults),
    }
    if not isinstance(draft.phone, Unset):
        columns["phone"] = draft.phone and check(contact_phone_of, draft.phone, "phone")
    if not isinstance(draft.delivery_radius_metres, Unset):
        columns["delivery_radius_metres"] = check(_radius, draft.delivery_radius_metres)
    if draft.services is not None:
        columns["services"] = [str(each) for each in dict.fromkeys(draft.services)]
    if draft.hours is not None:
        columns["hours"] = _hours(draft.hours, faults)
    if draft.active is not None:
        columns["active"] = draft.active
    return columns


def _position(draft: StoreDraft, faults: Faults) -> dict[str, Any]:
    """The point as given and in WGS-84; the address's own where the row gives none."""
    path: tuple[str, ...] = ("position",)
    position = draft.position
    if position is KEEP and draft.address.position is not None:
        path, position = ("address", "position"), draft.address.position
    if position is None:
        names = ("latitude", "longitude", "coordinate_system", "latitude_wgs84", "longitude_wgs84")
        return dict.fromkeys(names)
    if not isinstance(position, PointDraft):
        return {}
    point = faults.check(point_of, position, *path)
    if point is None:
        return {}
    found = convert(point, CoordinateSystem.WGS84)
    return {
        "latitude": point.latitude,
        "longitude": point.longitude,
        "coordinate_system": point.system,
        "latitude_wgs84": found.latitude,
        "longitude_wgs84": found.longitude,
    }


def _radius(metres: int | None) -> int | None:
    if metres is not None and not 1 <= metres <= MAXIMUM_RADIUS_METRES:
        raise InvalidInput(
            "A radius lies between 1 and {maximum} metres.",
            path=("deliveryRadiusMetres",),
            maximum=MAXIMUM_RADIUS_METRES,
        )
    return metres


def _hours(drafts: Sequence[HoursDraft], faults: Faults) -> list[dict[str, str]]:
    if len(drafts) > STORE_HOURS:
        faults.add(
            InvalidInput(
                "Give {minimum} to {maximum} of these.",
                path=("hours",),
                minimum=0,
                maximum=STORE_HOURS,
            )
        )
    return [
        faults.check(_opening, draft, ("hours", position))
        for position, draft in enumerate(drafts[:STORE_HOURS])
    ]


def _opening(draft: HoursDraft, path: tuple[str | int, ...]) -> dict[str, str]:
    try:
        opening = hours.parse(draft.weekday, draft.opens, draft.closes)
    except hours.InvalidHours as error:
        raise InvalidInput(str(error), path=(*path, error.field)) from None
    return {"weekday": str(opening.weekday), "opens": opening.opens, "closes": opening.closes}
