from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.orders import pickups
from resolvers.orders.fulfilment import lists as fulfilment_lists
from resolvers.orders.fulfilment.lists import FulfilmentSort
from resolvers.orm_pagination import PageRequest
from schema.cost.directives import cost
from schema.cost.prices import SORTED_LIST
from schema.info import Info
from schema.list_arguments import WHICH, After, Before, First, Last
from schema.orders.fulfilment.types import Fulfilment
from schema.orders.list_inputs import FulfilmentFilter
from schema.pagination import DocumentConnection


@strawberry.type
class FulfilmentQueries:
    @cost(SORTED_LIST)
    @strawberry.field
    async def fulfilments(
        self,
        info: Info,
        filter: Annotated[FulfilmentFilter | None, WHICH] = None,
        sort: Annotated[
            FulfilmentSort | None, strawberry.argument(description="NEWEST without it.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> DocumentConnection[Fulfilment]:
        """What has been sent to the stores of your territory, newest first."""
        ctx = info.context
        wanted = filter.wanted() if filter else fulfilment_lists.FulfilmentFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await fulfilment_lists.page(ctx, request, wanted, sort or FulfilmentSort.NEWEST)
        return DocumentConnection.of(page, Fulfilment.of, await fulfilment_lists.tally(ctx, wanted))

    @strawberry.field
    async def pickup(self, info: Info, code: str) -> Fulfilment | None:
        """What a scanned code would hand over here; changes nothing."""
        return Fulfilment.optional(await pickups.preview(info.context, code))
