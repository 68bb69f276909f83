"""Importing stores, products and stock from CSV files, through the same use cases as over the API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from models.database import fetch, marks
from models.errors import Refusal
from models.integrations.bulk import BulkFormat, BulkKind
from resolvers.batches import BatchOutcome
from resolvers.context import Context
from resolvers.integrations.csv_files import CsvRow, UnreadableFile
from resolvers.integrations.kinds import KINDS, Kind
from resolvers.integrations.reports import ImportReport
from resolvers.integrations.row_files import RowFile, count_rows
from resolvers.integrations.rows import product_code, product_draft, sku_of, store_code
from resolvers.keyset import kept
from resolvers.validation import MAXIMUM_ROWS

Draft = TypeVar("Draft")
Progress = Callable[[int, int], object]
Convert = Callable[[CsvRow], Any]
Send = Callable[[list[Draft]], Awaitable[BatchOutcome]]


async def import_stores(ctx: Context, path: Path, progress: Progress) -> ImportReport:
    """Columns: code, name, address; latitude and longitude with system, or named by their system."""
    return await _import(ctx, path, BulkKind.STORES, store_code, progress)


async def import_products(ctx: Context, path: Path, progress: Progress) -> ImportReport:
    """Columns: name and gtin, sku or code; price. Without a price an old one stays, a new one is made up."""
    priceless = 0

    async def reader(rows: Sequence[CsvRow]) -> Convert:
        nonlocal priceless
        prices = await _prices(ctx, [sku_of(row) for row in rows])
        priceless += sum(not row.text("price") and sku_of(row) not in prices for row in rows)
        return partial(product_draft, prices_minor=prices)

    columns = [["name"], ["gtin", "sku", "code"]]
    report = await _import(
        ctx, path, BulkKind.CATALOG, product_code, progress, columns=columns, reader=reader
    )
    if priceless:
        report.notes.append(
            f"{priceless} new products came without a price: theirs are made up from their SKU,"
            " the same each time."
        )
    return report


async def import_stock(ctx: Context, path: Path, progress: Progress) -> ImportReport:
    """Columns: location_code, sku (or gtin), quantity: what is to be available there."""
    return await _import(ctx, path, BulkKind.STOCK, _place, progress)


async def _import(
    ctx: Context,
    path: Path,
    name: BulkKind,
    key: Callable[[CsvRow], str],
    progress: Progress,
    *,
    columns: Sequence[Sequence[str]] | None = None,
    reader: Callable[[Sequence[CsvRow]], Awaitable[Convert]] | None = None,
) -> ImportReport:
    """Send the file's rows in batches; of rows with the same key the first counts."""
    kind, report = KINDS[name], ImportReport()
    first: dict[str, int] = {}
    done = 0
    try:
        total = await asyncio.to_thread(count_rows, path, BulkFormat.CSV)
        file = RowFile(path, BulkFormat.CSV, columns or kind.columns, 0, 0)
        while found := await asyncio.to_thread(file.rows, MAXIMUM_ROWS):
            progress(done, total)
            rows = _without_twins([each.value for each in found], key, first, report)
            convert = await reader(rows) if reader else kind.draft
            await _send(rows, key, convert, partial(_batch, ctx, kind), report)
            done += len(found)
        progress(done, done)
    except OSError as error:
        report.failed.append((0, "", f"{path} cannot be read: {error.strerror}."))
    except UnreadableFile as error:
        report.failed.append((error.line, "", str(error)))
    report.failed.sort()
    return report


async def _batch(ctx: Context, kind: Kind, drafts: list[Any]) -> BatchOutcome:
    return await kind.send(ctx, drafts, f"import-{uuid4()}")


def _without_twins(
    rows: Sequence[CsvRow],
    key: Callable[[CsvRow], str],
    first: dict[str, int],
    report: ImportReport,
) -> list[CsvRow]:
    """`first` remembers the line of each key."""
    kept_rows = []
    for row in rows:
        line = first.setdefault(key(row), row.line)
        if line == row.line:
            kept_rows.append(row)
        else:
            report.failed.append((row.line, key(row), f"The same stands on line {line}."))
    return kept_rows


async def _send(
    rows: Sequence[CsvRow],
    key: Callable[[CsvRow], str],
    convert: Callable[[CsvRow], Draft],
    send: Send[Draft],
    report: ImportReport,
) -> None:
    """Convert the rows, send those that can be, and add what came of all of them to the report."""
    sent: list[CsvRow] = []
    drafts: list[Draft] = []
    for row in rows:
        try:
            drafts.append(convert(row))
            sent.append(row)
        except Refusal as refusal:
            report.fail(row.line, key(row), [refusal])
    if not drafts:
        return
    outcome = await send(drafts)
    for result in outcome.rows:
        if not result.ok:
            row = sent[result.index]
            report.fail(row.line, key(row), result.refusals)
    done = sum(result.ok for result in outcome.rows)
    report.created += outcome.created
    report.updated += outcome.updated
    report.unchanged += done - outcome.created - outcome.updated


def _place(row: CsvRow) -> str:
    return f"{row.text('location_code', 'code')}/{row.text('sku', 'gtin')}"


async def _prices(ctx: Context, skus: Sequence[str]) -> dict[str, int]:
    rows = await fetch(
        f"SELECT sku, price_minor FROM variant WHERE merchant_id = ? AND sku IN ({marks(skus)})",
        ctx.merchant_id,
        *map(kept, skus),
    )
    return {row["sku"]: row["price_minor"] for row in rows}
