"""The list of stock documents of all kinds."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.orm_pagination import PageRequest
from resolvers.stock.documents import all_kinds
from resolvers.stock.documents.all_kinds import AnyDocumentFilter
from resolvers.stock.documents.kinds import KINDS
from schema.cost.directives import cost
from schema.cost.prices import SORTED_LIST
from schema.info import Info
from schema.list_arguments import WHICH, After, Before, First, Last
from schema.stock.documents.filters import StockDocumentFilter
from schema.stock.documents.lists import StockDocumentConnection, mixed


@strawberry.type
class StockDocumentQueries:
    """Root fields about stock documents of any kind."""

    @cost(SORTED_LIST * len(KINDS))
    @strawberry.field
    async def stock_documents(
        self,
        info: Info,
        filter: Annotated[StockDocumentFilter | None, WHICH] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> StockDocumentConnection:
        """Transfers, purchase orders, supplier returns and stocktakes in one list, the latest first.

        Transfers and stocktakes need STOCK_READ, the others PURCHASE_READ. What the caller may not read is
        left out.
        """
        wanted = filter.any_kind() if filter else AnyDocumentFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        return mixed(*await all_kinds.listed(info.context, wanted, request))
