"""The roots that belong to no room: fetching anything by its ID."""

from __future__ import annotations

import strawberry

from models.errors import InvalidInput
from schema.cost.directives import sized_by
from schema.info import Info
from schema.nodes.loading import load_nodes
from schema.nodes.nodes import Node

MAXIMUM_IDS = 250


@strawberry.type
class NodeQueries:
    @strawberry.field(
        description="Anything by its ID; null when that is no ID, or it is not there or not for this caller."
    )
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return (await load_nodes(info.context, [id]))[0]

    @sized_by("ids")
    @strawberry.field(
        description="Up to 250 things by their IDs, in that order; null at the place of each that is no ID,"
        " not there or not for this caller, whatever the others are."
    )
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        if len(ids) > MAXIMUM_IDS:
            raise InvalidInput("Ask for at most {maximum} IDs.", path=("ids",), maximum=MAXIMUM_IDS)
        return await load_nodes(info.context, ids)
