from __future__ import annotations

from datetime import datetime

import strawberry

from models.stock.stocktake_rules import StocktakeStatus
from resolvers.paging import PageRequest
from resolvers.stock import stocktakes
from schema.info import Info
from schema.nodes import optional_row_id
from schema.pagination import Connection
from schema.stock.documents import document_filter
from schema.stock.stocktake_types import Stocktake


@strawberry.type
class StocktakeQueries:
    @strawberry.field
    async def stocktake(
        self, info: Info, id: strawberry.ID | None = None, number: str | None = None
    ) -> Stocktake | None:
        row = await stocktakes.get(info.context, optional_row_id(id, "Stocktake"), number)
        return Stocktake.of(row) if row else None

    @strawberry.field
    async def stocktakes(
        self,
        info: Info,
        status: list[StocktakeStatus] | None = None,
        location_id: strawberry.ID | None = None,
        number: str | None = None,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Stocktake]:
        """The stocktakes in your territory, or at one place of it, the latest first.

        `createdTo` is exclusive.
        """
        wanted = document_filter(status, location_id, number, created_from, created_to)
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await stocktakes.page(info.context, wanted, request)
        return Connection.of(page, Stocktake.of)
