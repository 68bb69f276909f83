"""One transfer, and the list of transfers."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers.orm_pagination import PageRequest
from resolvers.stock.documents import lists, reading
from resolvers.stock.documents.kinds import TRANSFERS
from resolvers.stock.documents.lists import DocumentFilter
from schema.info import Info
from schema.list_arguments import WHICH, After, Before, First, Last
from schema.nodes.nodes import optional_row_id
from schema.pagination import DocumentConnection
from schema.stock.documents.filters import TransferFilter
from schema.stock.documents.lists import connection_of
from schema.stock.transfers.types import Transfer


@strawberry.type
class TransferQueries:
    """Root fields about transfers."""

    @strawberry.field
    async def transfer(
        self, info: Info, id: strawberry.ID | None = None, number: str | None = None
    ) -> Transfer | None:
        """A transfer that begins or ends in your territory."""
        row_id = optional_row_id(id, "Transfer")
        return Transfer.optional(await reading.get(info.context, TRANSFERS, row_id, number))

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
        wanted = filter.wanted() if filter else DocumentFilter()
        request = PageRequest(first=first, after=after, last=last, before=before)
        return connection_of(Transfer, await lists.listed(info.context, TRANSFERS, wanted, request))
