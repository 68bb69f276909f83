"""Whether a store may become a warehouse, or the other way round: only while nothing has happened there.

Orders, members and documents name a place as what it was, and customers see stores alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.database import fetch, marks
from models.errors import StateConflict
from models.stores.locations import Location, LocationKind

# What keeps a kind: the sentence that says so, and what finds it for a row of `location`.
KEEPS = {
    "It keeps its kind: its stock has moved.": (
        "SELECT 1 FROM stock_movement WHERE location_id = location.id",
    ),
    "It keeps its kind: transfers, purchases, returns or stocktakes are of it.": (
        "SELECT 1 FROM transfer WHERE source_id = location.id",
        "SELECT 1 FROM transfer WHERE destination_id = location.id",
        "SELECT 1 FROM purchase_order WHERE destination_id = location.id",
        "SELECT 1 FROM supplier_return WHERE location_id = location.id",
        "SELECT 1 FROM stocktake WHERE location_id = location.id",
    ),
    "It keeps its kind: orders or fulfilments are of it.": (
        "SELECT 1 FROM sales_order WHERE attribution_store_id = location.id",
        "SELECT 1 FROM fulfilment WHERE location_id = location.id",
    ),
    "It keeps its kind: members or share links are of it.": (
        "SELECT 1 FROM member WHERE home_store_id = location.id",
        "SELECT 1 FROM referral_binding WHERE store_id = location.id",
        "SELECT 1 FROM share_link WHERE store_id = location.id",
    ),
    "It keeps its kind: a price list is for it.": (
        "SELECT 1 FROM price_list WHERE kind = 'STORE' AND key = location.code",
    ),
}


async def conflicts_of(locations: Sequence[Location]) -> dict[str, list[StateConflict]]:
    """Why each keeps its kind, by code; nothing for one that may change. The rows are locked from now on."""
    if not locations:
        return {}
    ids = [row.id for row in locations]
    await Location.filter(id__in=ids).select_for_update().order_by("id")
    asked = [" OR ".join(f"EXISTS ({each})" for each in sought) for sought in KEEPS.values()]
    columns = ", ".join(f"{each} AS keeps_{number}" for number, each in enumerate(asked))
    rows = await fetch(
        f"SELECT code, kind, {columns} FROM location WHERE id IN ({marks(ids)})", *ids
    )
    return {
        row["code"]: [
            StateConflict(sentence, state=LocationKind(row["kind"]), path=("kind",))
            for number, sentence in enumerate(KEEPS)
            if row[f"keeps_{number}"]
        ]
        for row in rows
    }
