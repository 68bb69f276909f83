from __future__ import annotations

from collections.abc import Sequence

from models.catalog.products import Variant
from resolvers.context import Context
from resolvers.permissions import for_anyone


@for_anyone
async def by_ids(ctx: Context, ids: Sequence[int]) -> dict[int, Variant]:
    return {variant.id: variant for variant in await Variant.filter(id__in=ids)}
