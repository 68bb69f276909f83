"""Lines of a document in the input of a client: limits, sums by variant, and checks of variants."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from models.database import fetch, marks
from models.errors import LimitExceeded, NotFound, Refusals
from resolvers.validation import quantity_of, rows_of


@dataclass(frozen=True, slots=True)
class LineDraft:
    variant_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Lines:
    """Quantities by variant, duplicates summed; `positions` are the first indexes in the input's `name`."""

    quantities: Mapping[int, int]
    positions: Mapping[int, int]
    name: str = "lines"

    def path(self, variant_id: int, field: str) -> tuple[str | int, ...]:
        """Return the path of a field of the variant's first line in the input."""
        position = self.positions.get(variant_id)
        return (self.name,) if position is None else (self.name, position, field)


def summed(drafts: Sequence[LineDraft], name: str = "lines") -> Lines:
    """Return the lines summed by variant.

    Raises: InvalidInput naming the line at which a quantity or sum is invalid.
    """
    rows_of(drafts, name)
    quantities: dict[int, int] = {}
    positions: dict[int, int] = {}
    for number, draft in enumerate(drafts):
        quantity_of(draft.quantity, name, number, "quantity")
        total = quantities.get(draft.variant_id, 0) + draft.quantity
        quantities[draft.variant_id] = quantity_of(total, name, number, "quantity")
        positions.setdefault(draft.variant_id, number)
    return Lines(quantities, positions, name)


def check_within(lines: Lines, limits: Mapping[int, int], field: str = "quantity") -> None:
    """Raise Refusals with NotFound or LimitExceeded for each line without a limit or above it."""
    found: list[NotFound | LimitExceeded] = []
    for variant_id, quantity in lines.quantities.items():
        if variant_id not in limits:
            path = lines.path(variant_id, "variantId")
            found.append(NotFound("This variant is not in the document.", path=path))
        elif quantity > limits[variant_id]:
            found.append(
                LimitExceeded(
                    "At most {maximum} are left for this.",
                    path=lines.path(variant_id, field),
                    maximum=limits[variant_id],
                )
            )
    if found:
        raise Refusals(found)


async def check_variants(merchant_id: int, positions: Mapping[int, int]) -> None:
    """Raise Refusals with NotFound for each variant that is not the merchant's.

    `positions` are the indexes of the variants in the input.
    """
    known = await _known(merchant_id, positions)
    unknown = [
        NotFound("There is no such variant.", path=("lines", position, "variantId"))
        for variant_id, position in positions.items()
        if variant_id not in known
    ]
    if unknown:
        raise Refusals(unknown)


async def _known(merchant_id: int, variant_ids: Collection[int]) -> set[int]:
    rows = await fetch(
        f"SELECT id FROM variant WHERE merchant_id = ? AND id IN ({marks(list(variant_ids))})",
        merchant_id,
        *variant_ids,
    )
    return {row["id"] for row in rows}
