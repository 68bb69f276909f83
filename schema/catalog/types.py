from __future__ import annotations

from collections.abc import Sequence

import strawberry

from models.catalog.products import Variant as VariantRow
from resolvers.catalog import variants
from resolvers.context import Context
from schema.nodes import Node, global_id


@strawberry.type
class Variant(Node):
    id: strawberry.ID
    sku: str
    name: str
    row: strawberry.Private[VariantRow]

    @classmethod
    def of(cls, row: VariantRow) -> Variant:
        return cls(id=global_id("Variant", row.id), sku=row.sku, name=row.name, row=row)

    @classmethod
    async def load(cls, ctx: Context, ids: Sequence[int]) -> list[Variant | None]:
        found = await variants.by_ids(ctx, ids)
        return [cls.of(found[row_id]) if row_id in found else None for row_id in ids]
