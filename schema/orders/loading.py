from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from resolvers.catalog.products import variants
from resolvers.context import Context
from schema.catalog.types import Variant
from schema.nodes.nodes import Node


async def optional_nodes(kind: type[Node], ctx: Context, ids: Sequence[int | None]) -> list[Any]:
    """The nodes with these row IDs in one go; None for an empty ID, or what the caller may not see."""
    wanted = sorted({row_id for row_id in ids if row_id is not None})
    found = dict(zip(wanted, await kind.load(ctx, wanted), strict=True)) if wanted else {}
    return [None if row_id is None else found[row_id] for row_id in ids]


async def variants_of(ctx: Context, ids: Sequence[int]) -> list[Variant]:
    """What was put into a cart or sold, whatever has become of its product since."""
    found = await variants.by_ids(ctx, ids)
    return [Variant.of(found[row_id]) for row_id in ids]
