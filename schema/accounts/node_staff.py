"""The staff of nodes of the tree, and of the stores that have one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from resolvers.accounts.staff import by_node
from resolvers.context import Context
from resolvers.orm_pagination import PageRequest
from schema.accounts.types import Staff
from schema.pagination import CountedConnection


class _Counts:
    """The counts of all lists of a level, in one statement once any of them is asked for."""

    def __init__(self, ctx: Context, node_ids: Sequence[int]) -> None:
        self._asked = (ctx, node_ids)
        self._found: dict[int, int] | None = None

    async def of(self, node_id: int) -> int:
        if self._found is None:
            self._found = await by_node.counts(*self._asked)
        return self._found[node_id]


async def staff_of_nodes(
    ctx: Context, node_ids: Sequence[int], first: int | None, after: str | None
) -> list[CountedConnection[Staff]]:
    """A page of the staff of each node, in their order."""
    found = await by_node.pages(ctx, node_ids, PageRequest(first=first, after=after))
    counts = _Counts(ctx, node_ids)
    return [
        CountedConnection.of(found[node_id], Staff.of, partial(counts.of, node_id))
        for node_id in node_ids
    ]
