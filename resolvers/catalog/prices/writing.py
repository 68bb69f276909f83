"""Writing prices that differ, and their history, in few statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.catalog.prices import Price
from models.catalog.products import Variant
from models.database import execute, marks
from models.tables.bulk import delete_where, insert_all, update_all
from resolvers.catalog.prices.history import Repricing, record
from resolvers.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceRow:
    """A checked row; `amount_minor` None takes the price away, no list means the list price."""

    variant: Variant
    price_list_id: int | None
    amount_minor: int | None
    valid_from: datetime
    valid_to: datetime | None


async def save(ctx: Context, merchant_id: int, rows: Sequence[PriceRow]) -> tuple[int, int]:
    """Write what differs; how many prices are new, and how many changed or went."""
    differing = await _differing([row for row in rows if row.price_list_id is not None])
    history = [_repricing(row, price.amount_minor if price else None) for row, price in differing]
    new = [row for row, price in differing if price is None]
    gone = [price.id for row, price in differing if price and row.amount_minor is None]
    changed = [price for row, price in differing if price and _assign(price, row)]
    await _insert(ctx, new)
    await update_all(changed, ("amount_minor", "valid_to"))
    await delete_where("price", "id", gone)
    relisted = await _relist(ctx, [row for row in rows if row.price_list_id is None])
    await record(ctx, merchant_id, [*history, *relisted])
    return len(new), len(changed) + len(gone) + len(relisted)


async def _differing(rows: Sequence[PriceRow]) -> list[tuple[PriceRow, Price | None]]:
    """The rows that are not as they are stored, each with what is stored."""
    prices = await Price.filter(
        price_list_id__in={row.price_list_id for row in rows},
        variant_id__in={row.variant.id for row in rows},
    )
    stored = {(each.price_list_id, each.variant_id, each.valid_from): each for each in prices}
    pairs = [
        (row, stored.get((row.price_list_id or 0, row.variant.id, row.valid_from))) for row in rows
    ]
    return [(row, price) for row, price in pairs if _differs(row, price)]


def _differs(row: PriceRow, price: Price | None) -> bool:
    if price is None or row.amount_minor is None:
        return (price is None) != (row.amount_minor is None)
    return (price.amount_minor, price.valid_to) != (row.amount_minor, row.valid_to)


def _assign(price: Price, row: PriceRow) -> bool:
    """Give the price the row's values; False where the row takes it away."""
    if row.amount_minor is None:
        return False
    price.amount_minor, price.valid_to = row.amount_minor, row.valid_to
    return True


async def _insert(ctx: Context, rows: Sequence[PriceRow]) -> None:
    await insert_all(
        "price",
        ("price_list_id", "variant_id", "amount_minor", "valid_from", "valid_to", "created_at"),
        [
            (
                row.price_list_id,
                row.variant.id,
                row.amount_minor,
                row.valid_from,
                row.valid_to,
                ctx.now(),
            )
            for row in rows
        ],
    )


async def _relist(ctx: Context, rows: Sequence[PriceRow]) -> list[Repricing]:
    """New list prices, and with them the ranges of their products."""
    differing = [row for row in rows if row.amount_minor != row.variant.price_minor]
    history = [_repricing(row, row.variant.price_minor) for row in differing]
    for row in differing:
        row.variant.price_minor, row.variant.updated_at = row.amount_minor or 0, ctx.now()
    await update_all([row.variant for row in differing], ("price_minor", "updated_at"))
    products = sorted({row.variant.product_id for row in differing})
    of_variants = "SELECT {bound}(v.price_minor) FROM variant v WHERE v.product_id = product.id"
    if products:
        await execute(
            f"UPDATE product SET lowest_price_minor = ({of_variants.format(bound='MIN')}),"
            f" highest_price_minor = ({of_variants.format(bound='MAX')}), updated_at = ?"
            f" WHERE id IN ({marks(products)})",
            ctx.now(),
            *products,
        )
    return history


def _repricing(row: PriceRow, from_minor: int | None) -> Repricing:
    return Repricing(
        variant_id=row.variant.id,
        from_minor=from_minor,
        to_minor=row.amount_minor,
        price_list_id=row.price_list_id,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
    )
