"""What rows of tables leave to the database: the SKU behind a barcode, the price that stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from models.catalog.gtin import InvalidGtin, gtin_key
from models.database import fetch, marks
from models.errors import InvalidInput, NotFound
from models.money import CurrencyCode, to_decimal
from resolvers.context import Context
from resolvers.integrations.files.csv_files import CsvRow
from resolvers.integrations.files.row_drafts import made_up_price_minor, sku_of
from resolvers.integrations.files.row_files import FileRow
from resolvers.sql_pagination import kept


async def nothing(ctx: Context, rows: Sequence[FileRow]) -> list[FileRow]:
    return list(rows)


async def skus(ctx: Context, rows: Sequence[FileRow]) -> list[FileRow]:
    """Find the variants of rows that have a barcode. A SKU beside it must be that variant's."""
    keys = {row.line: _key(row.value) for row in rows if _barcode(row.value)}
    wanted = [key for key in keys.values() if isinstance(key, str)]
    found = await _skus_by_key(ctx, wanted) if wanted else {}
    return [
        replace(row, value=_with_sku(row.value, keys[row.line], found)) if row.line in keys else row
        for row in rows
    ]


async def prices(ctx: Context, rows: Sequence[FileRow]) -> list[FileRow]:
    """Give rows without a price the one that their SKU has; those of new SKUs stay without."""
    return await _priced(ctx, rows, made_up=False)


async def demo_prices(ctx: Context, rows: Sequence[FileRow]) -> list[FileRow]:
    """The same, and make up the prices of new SKUs."""
    return await _priced(ctx, rows, made_up=True)


async def _priced(ctx: Context, rows: Sequence[FileRow], *, made_up: bool) -> list[FileRow]:
    lacking = [row for row in rows if isinstance(row.value, CsvRow) and not row.value.text("price")]
    known = await _prices(ctx, [sku_of(row.value) for row in lacking]) if lacking else {}
    filled = {}
    for row in lacking:
        sku = sku_of(row.value)
        minor = known.get(sku, made_up_price_minor(sku) if made_up else None)
        if minor is not None:
            price = to_decimal(minor, CurrencyCode.CNY)
            filled[row.line] = replace(row, value=_with(row.value, price=str(price)))
    return [filled.get(row.line, row) for row in rows]


async def _prices(ctx: Context, skus: Sequence[str]) -> dict[str, int]:
    rows = await fetch(
        f"SELECT sku, price_minor FROM variant WHERE merchant_id = ? AND sku IN ({marks(skus)})",
        ctx.merchant_id,
        *map(kept, skus),
    )
    return {row["sku"]: row["price_minor"] for row in rows}


async def _skus_by_key(ctx: Context, keys: Sequence[str]) -> dict[str, str]:
    rows = await fetch(
        "SELECT g.gtin_key, v.sku FROM variant_gtin g JOIN variant v ON v.id = g.variant_id"
        f" WHERE g.merchant_id = ? AND g.gtin_key IN ({marks(keys)})",
        ctx.merchant_id,
        *keys,
    )
    return {row["gtin_key"]: row["sku"] for row in rows}


def _barcode(value: Any) -> str:
    return value.text("gtin") if isinstance(value, CsvRow) else ""


def _key(row: CsvRow) -> str | InvalidInput:
    try:
        return gtin_key(row.text("gtin"))
    except InvalidGtin as error:
        return InvalidInput(str(error), path=("gtin",))


def _with_sku(row: CsvRow, key: str | InvalidInput, found: dict[str, str]) -> Any:
    """The row with its SKU, or what is wrong with it."""
    sku = row.text("sku")
    if isinstance(key, InvalidInput):
        return row if sku else key
    if not sku and key not in found:
        return NotFound(
            "There is no variant with the barcode {code}.", path=("gtin",), code=row.text("gtin")
        )
    if sku and found.get(key, sku) != sku:
        return InvalidInput(
            "The barcode {code} is that of {sku}.",
            path=("gtin",),
            code=row.text("gtin"),
            sku=found[key],
        )
    return _with(row, sku=sku or found[key])


def _with(row: CsvRow, **values: str) -> CsvRow:
    return CsvRow(row.line, {**row.values, **values})
