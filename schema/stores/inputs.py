from __future__ import annotations

from datetime import datetime

import strawberry

from models.stores.coordinates import Point
from models.stores.locations import StoreService
from resolvers.stores.filters import StoreQuery
from schema.catalog.inputs import VariantQuantityInput


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
