from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.orm_pagination import PageRequest
from resolvers.stock.documents.lists import DocumentFilter
from resolvers.stock.stocktakes import stocktakes
from schema.info import Info
from schema.list_arguments import WHICH, After, Before, First, Last
from schema.nodes.nodes import optional_row_id
from schema.pagination import DocumentConnection
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
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> DocumentConnection[Stocktake]:
        """The stocktakes in your territory, the latest first."""
        ctx, wanted = info.context, filter.wanted() if filter else DocumentFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await stocktakes.page(ctx, wanted, request)
        return DocumentConnection.of(page, Stocktake.of, await stocktakes.tally(ctx, wanted))
