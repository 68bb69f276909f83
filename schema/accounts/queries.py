from __future__ import annotations

import strawberry

from resolvers.accounts import organisations
from schema.accounts.types import Organisation
from schema.actors import Viewer
from schema.info import Info


@strawberry.type
class AccountQueries:
    @strawberry.field
    async def viewer(self, info: Info) -> Viewer:
        """Who this request counts as, and what it may do."""
        return Viewer.of(info.context)

    @strawberry.field
    async def organisation(self, info: Info, code: str) -> Organisation | None:
        return Organisation.optional(await organisations.by_code(info.context, code))
