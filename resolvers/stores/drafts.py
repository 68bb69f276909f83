"""A store or warehouse as an ERP gives it: KEEP, and a kind or list that is None, leave it as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from models.stores.hours import Weekday
from models.stores.locations import LocationKind, StoreService
from resolvers.bulk_rows import KEEP, Unset
from resolvers.stores.addresses import AddressDraft, PointDraft


@dataclass(frozen=True, slots=True)
class HoursDraft:
    weekday: Weekday
    opens: str
    closes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreDraft:
    code: str
    name: str
    address: AddressDraft
    kind: LocationKind | None = None
    organisation_code: str | None = None
    phone: str | Unset | None = KEEP
    position: PointDraft | Unset | None = KEEP
    services: Sequence[StoreService] | None = None
    hours: Sequence[HoursDraft] | None = None
    delivery_radius_metres: int | Unset | None = KEEP
    active: bool | None = None
