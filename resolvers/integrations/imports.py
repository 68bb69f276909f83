"""Importing stores, products and stock from CSV files, through the same use cases as over the API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from models.database import fetch, marks
from models.errors import Refusal
from models.integrations.bulk import BulkFormat, BulkKind
from resolvers.context import Context
from resolvers.integrations.chunks import first_batch, send
from resolvers.integrations.csv_files import CsvRow, UnreadableFile
from resolvers.integrations.kinds import KINDS, Kind
from resolvers.integrations.reports import ImportReport
from resolvers.integrations.row_files import FileRow, RowFile, count_rows
from resolvers.integrations.rows import product_draft, sku_of
from resolvers.keyset import kept
from resolvers.validation import MAXIMUM_ROWS

Progress = Callable[[int, int], object]
Convert = Callable[[CsvRow], Any]
Label = Callable[[CsvRow], str]


async def import_stores(ctx: Context, path: Path, progress: Progress) -> ImportReport:
    """Columns: code, name, address; latitude and longitude with system, or named by their system."""
    return await _import(ctx, path, BulkKind.STORES, progress)


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
        ctx, path, BulkKind.CATALOG, progress, columns=columns, twin=sku_of, reader=reader
    )
    if priceless:
        report.notes.append(
            f"{priceless} new products came without a price: theirs are made up from their SKU,"
            " the same each time."
        )
    return report


async def import_stock(ctx: Context, path: Path, progress: Progress) -> ImportReport:
    """Columns: location_code, sku (or gtin), quantity: what is to be available there."""
    return await _import(ctx, path, BulkKind.STOCK, progress)


async def _import(
    ctx: Context,
    path: Path,
    name: BulkKind,
    progress: Progress,
    *,
    columns: Sequence[Sequence[str]] | None = None,
    twin: Label | None = None,
    reader: Callable[[Sequence[CsvRow]], Awaitable[Convert]] | None = None,
) -> ImportReport:
    """Send the file's rows in batches; of rows that `twin` calls the same the first counts."""
    kind, report = KINDS[name], ImportReport()
    first: dict[str, int] = {}
    done = 0
    try:
        total = await asyncio.to_thread(count_rows, path, BulkFormat.CSV)
        file = RowFile(path, BulkFormat.CSV, columns or kind.columns, kind.known)
        while found := await asyncio.to_thread(file.rows, MAXIMUM_ROWS):
            progress(done, total)
            rows = _without_twins(found, kind.label, twin or kind.label, first, report)
            convert = await reader([each.value for each in rows]) if reader else kind.draft
            await _send(ctx, kind, rows, convert, report)
            done += len(found)
        progress(done, done)
    except OSError as error:
        report.failed.append((0, "", f"{path} cannot be read: {error.strerror}."))
    except UnreadableFile as error:
        report.failed.append((error.line, "", str(error)))
    report.failed.sort()
    return report


def _without_twins(
    rows: Sequence[FileRow],
    label: Label,
    twin: Label,
    first: dict[str, int],
    report: ImportReport,
) -> list[FileRow]:
    """`first` remembers the line of each."""
    kept_rows = []
    for row in rows:
        line = first.setdefault(twin(row.value), row.line)
        if line == row.line:
            kept_rows.append(row)
        else:
            report.failed.append((row.line, label(row.value), f"The same stands on line {line}."))
    return kept_rows


async def _send(
    ctx: Context, kind: Kind, rows: Sequence[FileRow], convert: Convert, report: ImportReport
) -> None:
    """Convert the rows, send those that can be, and add what came of all of them to the report."""
    labels = {row.line: kind.label(row.value) for row in rows}
    drafts: list[tuple[FileRow, Any]] = []
    for row in rows:
        try:
            drafts.append((row, convert(row.value)))
        except Refusal as refusal:
            report.fail(row.line, labels[row.line], [refusal])
    while drafts:
        entries, end = first_batch(kind, drafts)
        drafts = drafts[end:]
        sent = await send(ctx, kind, entries, f"import-{uuid4()}")
        for result in sent.results:
            if result.refusals:
                report.fail(result.line, labels[result.line], result.refusals)
        report.created += sent.created
        report.updated += sent.updated
        report.unchanged += sent.unchanged


async def _prices(ctx: Context, skus: Sequence[str]) -> dict[str, int]:
    rows = await fetch(
        f"SELECT sku, price_minor FROM variant WHERE merchant_id = ? AND sku IN ({marks(skus)})",
        ctx.merchant_id,
        *map(kept, skus),
    )
    return {row["sku"]: row["price_minor"] for row in rows}
