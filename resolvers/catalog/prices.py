"""What a variant costs for whoever asks: the one place that decides it."""

from __future__ import annotations

from collections.abc import Sequence

from models.database import fetch, marks
from resolvers.context import Context


async def resolve(
    ctx: Context, variant_ids: Sequence[int], store_id: int | None = None
) -> dict[int, int]:
    """The unit price in minor units of each variant, for this viewer at this store."""
    ids = sorted(set(variant_ids))
    rows = await fetch(f"SELECT id, price_minor FROM variant WHERE id IN ({marks(ids)})", *ids)
    return {row["id"]: row["price_minor"] for row in rows}
