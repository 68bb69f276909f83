from __future__ import annotations

import strawberry

from resolvers.integrations import changes
from resolvers.paging import PageRequest
from schema.info import Info
from schema.integrations.types import Change
from schema.pagination import Connection


@strawberry.type
class IntegrationQueries:
    @strawberry.field
    async def changes(
        self,
        info: Info,
        after: str | None = None,
        types: list[str] | None = None,
        first: int | None = None,
    ) -> Connection[Change]:
        """Every change in your territory, oldest first; the last cursor is where to go on next time."""
        page = await changes.page(info.context, types, PageRequest(first=first, after=after))
        return Connection.of(page, Change.of)
