from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from models.stock.documents.stocktake_rules import StocktakeStatus
from resolvers.orm_pagination import PageRequest
from resolvers.stock.stocktakes import stocktakes
from schema.info import Info
from schema.list_arguments import SAME, WHICH, After, Before, First, Last, together
from schema.nodes.nodes import optional_row_id
from schema.pagination import DocumentConnection
from schema.stock.documents import document_filter
from schema.stock.filters import StocktakeFilter
from schema.stock.stocktakes.types import Stocktake


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
        filter: Annotated[StocktakeFilter | None, WHICH] = None,
        status: Annotated[list[StocktakeStatus] | None, SAME] = None,
        location_id: Annotated[strawberry.ID | None, SAME] = None,
        number: Annotated[str | None, SAME] = None,
        created_from: Annotated[datetime | None, SAME] = None,
        created_to: Annotated[datetime | None, SAME] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> DocumentConnection[Stocktake]:
        """The stocktakes in your territory, the latest first."""
        ctx = info.context
        arguments = document_filter(status, location_id, number, created_from, created_to)
        wanted = together(arguments, filter.wanted() if filter else None)
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await stocktakes.page(ctx, wanted, request)
        return DocumentConnection.of(page, Stocktake.of, await stocktakes.tally(ctx, wanted))
