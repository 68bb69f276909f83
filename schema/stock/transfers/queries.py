from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.orm_pagination import PageRequest
from resolvers.stock.documents.lists import DocumentFilter
from resolvers.stock.transfers import transfers
from schema.info import Info
from schema.list_arguments import WHICH, After, Before, First, Last
from schema.nodes.nodes import optional_row_id
from schema.pagination import DocumentConnection
from schema.stock.filters import TransferFilter
from schema.stock.transfers.types import Transfer


@strawberry.type
class TransferQueries:
    @strawberry.field
    async def transfer(
        self, info: Info, id: strawberry.ID | None = None, number: str | None = None
    ) -> Transfer | None:
        """A transfer that begins or ends in your territory."""
        row = await transfers.get(info.context, optional_row_id(id, "Transfer"), number)
        return Transfer.of(row) if row else None

    @strawberry.field
    async def transfers(
        self,
        info: Info,
        filter: Annotated[TransferFilter | None, WHICH] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> DocumentConnection[Transfer]:
        """The transfers that begin or end in your territory, the latest first."""
        ctx, wanted = info.context, filter.wanted() if filter else DocumentFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await transfers.page(ctx, wanted, request)
        return DocumentConnection.of(page, Transfer.of, await transfers.tally(ctx, wanted))
