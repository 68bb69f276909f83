"""Root fields about stock levels, the ledger and its audit."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Annotated

import strawberry

from resolvers.orm_pagination import PageRequest
from resolvers.stock import level_lists
from resolvers.stock.audit import audit
from resolvers.stock.ledger import as_of, movements
from resolvers.stock.ledger.as_of import SnapshotFilter
from resolvers.stock.ledger.movements import MovementFilter
from resolvers.stock.level_filters import LevelFilter
from schema.cost.directives import cost
from schema.cost.prices import SORTED_LIST
from schema.geography import GeoPointInput
from schema.info import Info
from schema.list_arguments import WHICH, After, Before, First, Last
from schema.nodes.nodes import optional_row_id
from schema.pagination import TalliedConnection
from schema.stock.audit_types import StockAudit
from schema.stock.filters import StockMovementFilter, StockSnapshotFilter
from schema.stock.levels.lists import StockLevelConnection, StockLevelFilter
from schema.stock.levels.prices import pay_for_page, paying
from schema.stock.sorts import LevelSort
from schema.stock.types import StockLevel, StockMovement, StockSnapshot


@strawberry.type
class StockQueries:
    """Root fields about stock levels, movements and snapshots, and the audit."""

    @cost(SORTED_LIST)
    @strawberry.field
    async def stock_levels(
        self,
        info: Info,
        filter: Annotated[StockLevelFilter | None, WHICH] = None,
        sort: Annotated[
            LevelSort | None, strawberry.argument(description="In order of creation without it.")
        ] = None,
        near: Annotated[
            GeoPointInput | None,
            strawberry.argument(description="The point from which DISTANCE is measured."),
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> StockLevelConnection:
        """What stands where."""
        ctx, point = info.context, near.point("near") if near else None
        wanted = filter.wanted() if filter else LevelFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        await pay_for_page(ctx, wanted, sort, request.size)
        page = await level_lists.page(ctx, wanted, request, sort, point)
        tally = await level_lists.tally(ctx, wanted, sort, point)
        tally = replace(tally, paid=paying(ctx, wanted))
        return StockLevelConnection.of(page, StockLevel.of, tally)

    @strawberry.field
    async def stock_movements(
        self,
        info: Info,
        filter: Annotated[StockMovementFilter | None, WHICH] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> TalliedConnection[StockMovement]:
        """The ledger, oldest first; `last` answers the newest."""
        ctx, wanted = info.context, filter.wanted() if filter else MovementFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await movements.page(ctx, wanted, request)
        return TalliedConnection.of(page, StockMovement.of, await movements.tally(ctx, wanted))

    @cost(5000)
    @strawberry.field
    async def stock_as_of(
        self,
        info: Info,
        at: datetime,
        filter: Annotated[StockSnapshotFilter | None, WHICH] = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> TalliedConnection[StockSnapshot]:
        """How a variant, a location or one level of both stood at any moment of the past.

        The filter names one of them at least.
        """
        ctx, wanted = info.context, filter.wanted() if filter else SnapshotFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await as_of.page(ctx, at, wanted, request)
        return TalliedConnection.of(page, StockSnapshot.of, await as_of.tally(ctx, wanted))

    @cost(50000)
    @strawberry.field
    async def stock_audit(
        self, info: Info, location_id: strawberry.ID | None = None, full: bool | None = False
    ) -> StockAudit:
        """Replays the ledger of your territory, or of one location in it, against the levels.

        From each level's last checkpoint on; `full` replays everything.
        """
        location = optional_row_id(location_id, "Store", "Warehouse", path=("locationId",))
        return StockAudit.of(await audit.run(info.context, location, full=bool(full)))
