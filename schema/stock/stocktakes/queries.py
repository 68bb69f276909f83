"""One stocktake, and the list of stocktakes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import strawberry

from models.stock.documents.stocktake_rules import StocktakeStatus
from resolvers.orm_pagination import PageRequest
from resolvers.stock.documents import lists, reading
from resolvers.stock.documents.kinds import STOCKTAKES
from schema.info import Info
from schema.list_arguments import SAME, WHICH, After, Before, First, Last, together
from schema.nodes.nodes import optional_row_id
from schema.pagination import DocumentConnection
from schema.stock.documents.filters import StocktakeFilter, of_arguments
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
        arguments = of_arguments(status, location_id, number, created_from, created_to)
        wanted = together(arguments, filter.wanted() if filter else None)
        request = PageRequest(first=first, after=after, last=last, before=before)
        return connection_of(
            Stocktake, await lists.listed(info.context, STOCKTAKES, wanted, request)
        )
