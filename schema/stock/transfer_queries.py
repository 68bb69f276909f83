from __future__ import annotations

from datetime import datetime

import strawberry

from models.stock.transfer_rules import TransferStatus
from resolvers.paging import PageRequest
from resolvers.stock import transfers
from schema.info import Info
from schema.nodes import optional_row_id
from schema.pagination import Connection
from schema.stock.documents import document_filter
from schema.stock.transfer_types import Transfer


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
        status: list[TransferStatus] | None = None,
        location_id: strawberry.ID | None = None,
        number: str | None = None,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        first: int | None = None,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
    ) -> Connection[Transfer]:
        """The transfers that begin or end in your territory, or at one place, the latest first.

        `createdTo` is exclusive.
        """
        wanted = document_filter(status, location_id, number, created_from, created_to)
        request = PageRequest(first=first, after=after, last=last, before=before)
        page = await transfers.page(info.context, wanted, request)
        return Connection.of(page, Transfer.of)
