"""One stocktake, and the list of stocktakes."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.orm_pagination import PageRequest
from resolvers.stock.documents import lists, reading
from resolvers.stock.documents.kinds import STOCKTAKES
from resolvers.stock.documents.lists import DocumentFilter
from schema.info import Info
from schema.list_arguments import WHICH, After, Before, First, Last
from schema.nodes.nodes import optional_row_id
from schema.pagination import DocumentConnection
from schema.stock.documents.filters import StocktakeFilter
from schema.stock.documents.lists import connection_of
from schema.stock.stocktakes.types import Stocktake


@strawberry.type
class StocktakeQueries:
    """Root fields about stocktakes."""

    @strawberry.field
    async def stocktake(
        self, info: Info, id: strawberry.ID | None = None, number: str | None = None
    ) -> Stocktake | None:
        """A stocktake in your territory."""
        row_id = optional_row_id(id, "Stocktake")
        return Stocktake.optional(await reading.get(info.context, STOCKTAKES, row_id, number))

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
        wanted = filter.wanted() if filter else DocumentFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        return connection_of(
            Stocktake, await lists.listed(info.context, STOCKTAKES, wanted, request)
        )
