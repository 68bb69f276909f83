"""Nodes of any kinds by their global IDs: each kind is asked for once, and paid for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from models.errors import Denial
from resolvers.context import Context
from schema.cost.prices import STATEMENT
from schema.execution.meter import spend
from schema.nodes.nodes import Document, Node, split_id


async def load_nodes(ctx: Context, ids: Sequence[str]) -> list[Node | None]:
    """Nodes of any kinds in the order of `ids`; what is no ID, unknown or hidden is None."""
    wanted: dict[str, dict[int, None]] = {}
    for text in ids:
        if (found := split_id(text)) and found[0] in Node.kinds:
            wanted.setdefault(found[0], {})[found[1]] = None
    spend(STATEMENT * max(len(wanted) - 1, 0))  # the first is in the price of the field
    loaded = await _by_key(ctx, wanted)
    return [loaded.get(found) if (found := split_id(text)) else None for text in ids]


async def documents_of(
    ctx: Context, keys: Sequence[tuple[str | None, int | None]]
) -> list[Document | None]:
    """The documents with these kinds and row IDs that the caller may find, each kind asked for once."""
    wanted: dict[str, dict[int, None]] = {}
    for kind, row in keys:
        if kind and row is not None and issubclass(Node.kinds.get(kind, Node), Document):
            wanted.setdefault(kind, {})[row] = None
    found = await _by_key(ctx, wanted)
    return [found.get(key) for key in keys]


async def _by_key(ctx: Context, wanted: Mapping[str, Collection[int]]) -> dict[Any, Any]:
    """The nodes by kind and row ID; None for those that the caller may not find."""
    found: dict[Any, Any] = {}
    for kind, rows in wanted.items():
        nodes = await _found(ctx, Node.kinds[kind], list(rows))
        found.update(zip(((kind, row) for row in rows), nodes, strict=True))
    return found


async def _found(ctx: Context, kind: type[Node], rows: Sequence[int]) -> Sequence[Node | None]:
    try:
        return await kind.find(ctx, rows)
    except Denial:  # a type that is not for this caller at all
        return [None] * len(rows)
