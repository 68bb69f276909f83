from __future__ import annotations

import strawberry

from models.orders.states import FulfilmentStatus
from resolvers.orders import fulfilments, pickups
from resolvers.paging import PageRequest
from schema.info import Info
from schema.nodes import optional_row_id
from schema.orders.fulfilment_types import Fulfilment
from schema.pagination import Connection


@strawberry.type
class FulfilmentQueries:
    @strawberry.field
    async def fulfilments(
        self,
        info: Info,
        location_id: strawberry.ID | None = None,
        status: list[FulfilmentStatus] | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[Fulfilment]:
        """What has been sent to the stores of your territory, newest first."""
        page = await fulfilments.page(
            info.context,
            PageRequest(first=first, after=after),
            optional_row_id(location_id, "Store", "Warehouse", path=("locationId",)),
            status,
        )
        return Connection.of(page, Fulfilment.of)

    @strawberry.field
    async def pickup(self, info: Info, code: str) -> Fulfilment | None:
        """What a scanned code would hand over here; changes nothing."""
        return Fulfilment.optional(await pickups.preview(info.context, code))
