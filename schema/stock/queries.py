from __future__ import annotations

import strawberry

from resolvers.paging import PageRequest
from resolvers.stock import audit, levels, movements
from schema.info import Info
from schema.nodes import optional_row_id
from schema.pagination import Connection
from schema.stock.types import StockAudit, StockLevel, StockMovement


@strawberry.type
class StockQueries:
    @strawberry.field
    async def stock_levels(
        self,
        info: Info,
        variant_id: strawberry.ID | None = None,
        location_id: strawberry.ID | None = None,
        first: int | None = None,
        after: str | None = None,
    ) -> Connection[StockLevel]:
        """What stands where, of a variant or at a location."""
        variant = optional_row_id(variant_id, "Variant", path=("variantId",))
        location = optional_row_id(location_id, "Store", "Warehouse", path=("locationId",))
        request = PageRequest(first=first, after=after)
        page = await levels.page(info.context, variant, location, request)
        return Connection.of(page, StockLevel.of)

    @strawberry.field
    async def stock_movements(
        self,
        info: Info,
        variant_id: strawberry.ID | None = None,
        location_id: strawberry.ID | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[StockMovement]:
        """The ledger, oldest first; `last` answers the newest."""
        variant = optional_row_id(variant_id, "Variant", path=("variantId",))
        location = optional_row_id(location_id, "Store", "Warehouse", path=("locationId",))
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await movements.page(info.context, variant, location, request)
        return Connection.of(page, StockMovement.of)

    @strawberry.field
    async def stock_audit(self, info: Info, location_id: strawberry.ID | None = None) -> StockAudit:
        """Replays the ledger of your territory, or of one location in it."""
        location = optional_row_id(location_id, "Store", "Warehouse", path=("locationId",))
        return StockAudit.of(await audit.run(info.context, location))
