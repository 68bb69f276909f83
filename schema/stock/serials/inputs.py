"""Serial numbers in the inputs of mutations."""

from __future__ import annotations

from collections.abc import Sequence

import strawberry

from resolvers.stock.serials import SerialDraft
from schema.nodes.nodes import row_id

OF_TRACKED = "Of the variants that track them: one for each piece."


@strawberry.input(description="The serial numbers of a variant's pieces, one for each.")
class SerialInput:
    """The serial numbers of pieces of one variant."""

    variant_id: strawberry.ID
    serials: list[str]


def serial_drafts(
    serials: Sequence[SerialInput] | None, name: str = "serials"
) -> list[SerialDraft]:
    """Raises: InvalidInput naming what is no ID of a variant."""
    return [
        SerialDraft(
            row_id(each.variant_id, "Variant", path=(name, number, "variantId")),
            each.serials,
            (name, number, "serials"),
        )
        for number, each in enumerate(serials or ())
    ]
