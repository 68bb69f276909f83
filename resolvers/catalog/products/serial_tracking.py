"""Beginning or ending to track a variant's pieces by serial number: only while there are none."""

from __future__ import annotations

from collections.abc import Sequence

from models.database import fetch, for_update, marks
from models.errors import InvalidInput
from models.tables.bulk import chunks
from resolvers.catalog.products.existing_rows import ProductRow, Stored


async def refuse_tracking(rows: Sequence[ProductRow], stored: Stored) -> None:
    """Find fault with each row that changes it for a variant that is on hand, or on its way, anywhere."""
    changing = {
        variant.id: (row, number)
        for row in rows
        for number, checked in enumerate(row.checked.variants)
        if (variant := stored.by_sku.get(checked.sku)) is not None
        and checked.tracks_serials not in (None, bool(variant.tracks_serials))
    }
    for variant_id in await _with_pieces(sorted(changing)):
        row, number = changing[variant_id]
        row.faults.add(
            InvalidInput(
                "This changes only while nothing is on hand or on its way.",
                path=("variants", number, "tracksSerials"),
            )
        )


async def _with_pieces(variant_ids: Sequence[int]) -> set[int]:
    """Those with pieces. Their levels are locked, then they themselves, so that no level comes to be."""
    found: set[int] = set()
    for part in chunks(variant_ids):
        levels = (
            "SELECT variant_id, available + held + committed + damaged + quarantined + incoming"
            f" AS pieces FROM stock_level WHERE variant_id IN ({marks(part)})"
            " ORDER BY variant_id, location_id"
        )
        await fetch(levels + for_update(), *part)
        await fetch(
            f"SELECT id FROM variant WHERE id IN ({marks(part)}) ORDER BY id{for_update()}", *part
        )
        found |= {level["variant_id"] for level in await fetch(levels, *part) if level["pieces"]}
    return found
