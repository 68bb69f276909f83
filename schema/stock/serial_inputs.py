from __future__ import annotations

from collections.abc import Sequence

import strawberry

from resolvers.stock.serials import SerialDraft
from schema.nodes import row_id


@strawberry.input(description="The serial numbers of a variant's pieces, one for each.")
class SerialInput:
    variant_id: strawberry.ID
    serials: list[str]


def serial_drafts(serials: Sequence[SerialInput] | None) -> list[SerialDraft]:
    """Raises: InvalidInput naming what is no ID of a variant."""
    return [
        SerialDraft(
            row_id(each.variant_id, "Variant", path=("serials", number, "variantId")),
            each.serials,
            ("serials", number, "serials"),
        )
        for number, each in enumerate(serials or ())
    ]
