"""The variants on sale that carts and orders may contain."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from models.bounds import ORDER_LINES
from models.catalog.assortments import LISTED
from models.database import fetch, marks
from models.errors import InvalidInput, NotFound, Refusal, Refusals
from models.orders.rules import check_quantity
from resolvers.context import Context

NAME_LENGTH = 400


@dataclass(frozen=True, slots=True)
class LineDraft:
    """A line as a client asks for it."""

    variant_id: int
    quantity: int


@dataclass(frozen=True, slots=True)
class Goods:
    """A variant as it is sold now; `list_minor` is its list price."""

    variant_id: int
    sku: str
    name: str
    list_minor: int


async def on_sale(ctx: Context, variant_ids: Iterable[int]) -> dict[int, Goods]:
    """Return by ID those variants of the merchant whose product is on sale in this channel."""
    ids = sorted(set(variant_ids))
    rows = await fetch(
        "SELECT v.id, v.sku, v.name, v.price_minor, p.name AS product_name"
        " FROM variant v JOIN product p ON p.id = v.product_id"
        f" WHERE v.id IN ({marks(ids)}) AND v.merchant_id = ? AND p.status = 'ACTIVE'"
        f" AND {LISTED}",
        *ids,
        ctx.merchant_id,
        str(ctx.channel),
    )
    return {row["id"]: _goods(row) for row in rows}


async def check_on_sale(
    ctx: Context, lines: Sequence[LineDraft], *, exempt: Collection[int] = ()
) -> dict[int, Goods]:
    """Return the goods of the lines.

    Raises: Refusals naming each line whose variant is not on sale, `exempt` variants aside.
    """
    found = await on_sale(ctx, (line.variant_id for line in lines))
    missing: list[Refusal] = [
        NotFound("This is not on sale.", path=("lines", number, "variantId"))
        for number, line in enumerate(lines)
        if line.variant_id not in found and line.variant_id not in exempt
    ]
    if missing:
        raise Refusals(missing)
    return found


def check_lines(
    lines: Sequence[LineDraft], *, minimum: int = 1, none_allowed: bool = False
) -> None:
    """Raises: InvalidInput for too many lines or a quantity out of bounds."""
    if len(lines) > ORDER_LINES or not (lines or none_allowed):
        raise InvalidInput("Give 1 to {maximum} lines.", path=("lines",), maximum=ORDER_LINES)
    for number, line in enumerate(lines):
        check_quantity(line.quantity, "lines", number, "quantity", minimum=minimum)


def _goods(row: dict[str, object]) -> Goods:
    name = f"{row['product_name']} {row['name']}".strip()[:NAME_LENGTH]
    return Goods(int(str(row["id"])), str(row["sku"]), name, int(str(row["price_minor"])))
