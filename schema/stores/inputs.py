from __future__ import annotations

from datetime import datetime

import strawberry

from models.stores.coordinates import Point
from models.stores.hours import Weekday
from models.stores.locations import LocationKind, StoreService
from resolvers.bulk_rows import OnError, Unset
from resolvers.stores.addresses import PointDraft
from resolvers.stores.drafts import HoursDraft, StoreDraft
from resolvers.stores.filters import StoreQuery
from schema.batches import kept_if_unset
from schema.catalog.inputs import VariantQuantityInput
from schema.cost.directives import Cost
from schema.geography import AddressInput, GeoPointInput
from schema.nulls import emptied_by_null, never_null, none_if_unset


@strawberry.input(description="All that is given must hold.")
class StoreFilter:
    search: str | None = strawberry.field(
        default=None, description="Parts of the name, code or address."
    )
    services: list[StoreService] | None = strawberry.field(
        default=None, description="Offers all of them."
    )
    open_at: datetime | None = None
    within_metres: int | None = strawberry.field(
        default=None, description="At most this far from `near`."
    )
    carrying: list[VariantQuantityInput] | None = strawberry.field(
        default=None, description="Has every one of these in stock, in this quantity."
    )
    city_name: str | None = None

    def query(self, near: Point | None) -> StoreQuery:
        return StoreQuery(
            near=near,
            search=self.search,
            services=tuple(dict.fromkeys(self.services or ())),
            open_at=self.open_at,
            within_metres=self.within_metres,
            carrying=tuple(
                (each.variant_row("filter", "carrying", position), each.quantity)
                for position, each in enumerate(self.carrying or ())
            ),
            city_name=self.city_name,
        )


@strawberry.input
class OpeningHoursInput:
    weekday: Weekday
    opens: str
    closes: str


@strawberry.input(
    description="A store or warehouse by its code. What is left out stays as it is; null empties it."
)
class StoreUpsertRow:
    code: str
    name: str
    address: AddressInput
    kind: LocationKind | None = never_null()
    organisation_code: str | None = never_null(
        description="The node it stands below, or its own; yours for a new one. Another one moves it.",
    )
    phone: str | None = strawberry.UNSET
    position: GeoPointInput | None = strawberry.UNSET
    services: list[StoreService] | None = strawberry.field(
        default=strawberry.UNSET,
        description="Unless given, a new store offers PICKUP, DELIVERY and CARRY_OUT.",
    )
    hours: list[OpeningHoursInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Without any it is always open."
    )
    delivery_radius_metres: int | None = strawberry.field(
        default=strawberry.UNSET, description="Null, and unless given: however far."
    )
    active: bool | None = never_null()

    def draft(self) -> StoreDraft:
        hours = emptied_by_null(self.hours)
        return StoreDraft(
            code=self.code,
            name=self.name,
            address=self.address.draft(),
            kind=none_if_unset(self.kind),
            organisation_code=none_if_unset(self.organisation_code),
            phone=kept_if_unset(self.phone),
            position=self._position(),
            services=emptied_by_null(self.services),
            hours=None
            if hours is None
            else [HoursDraft(each.weekday, each.opens, each.closes) for each in hours],
            delivery_radius_metres=kept_if_unset(self.delivery_radius_metres),
            active=none_if_unset(self.active),
        )

    def _position(self) -> PointDraft | Unset | None:
        given = kept_if_unset(self.position)
        return given.draft() if isinstance(given, GeoPointInput) else given


@strawberry.input
class StoreUpsertInput:
    stores: list[StoreUpsertRow] = strawberry.field(directives=[Cost(weight="400")])
    on_error: OnError = OnError.REJECT_ALL
    dry_run: bool = False
