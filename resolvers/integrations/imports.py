"""Importing stores, products and stock from CSV files, through the same use cases as over the API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from models.database import fetch, marks
from models.errors import Refusal
from models.stock.effective import EFFECTIVE
from resolvers.batches import BatchOutcome, OnError
from resolvers.catalog import upsert as catalog
from resolvers.context import Context
from resolvers.integrations.csv_files import CsvRow, UnreadableFile, read_table
from resolvers.integrations.reports import ImportReport
from resolvers.integrations.rows import (
    level_draft,
    product_code,
    product_draft,
    sku_of,
    store_code,
    store_draft,
)
from resolvers.keyset import kept
from resolvers.stock.sync import LevelDraft, set_levels
from resolvers.stores import upsert as stores
from resolvers.validation import MAXIMUM_ROWS

Draft = TypeVar("Draft")
Progress = Callable[[int, int], object]
Send = Callable[[list[Draft]], Awaitable[BatchOutcome]]


async def import_stores(ctx: Context, path: Path, progress: Progress) -> ImportReport:
    """Columns: code, name, address; latitude and longitude with system, or named by their system."""

    async def batch(rows: Sequence[CsvRow], report: ImportReport) -> None:
        async def send(drafts: list[stores.StoreDraft]) -> BatchOutcome:
            return await stores.upsert(ctx, drafts, OnError.SKIP_FAILED)

        await _send(rows, store_code, store_draft, send, report)

    return await _import(path, [["code"], ["name"], ["address"]], store_code, batch, progress)


async def import_products(ctx: Context, path: Path, progress: Progress) -> ImportReport:
    """Columns: name and gtin, sku or code; price. Without a price an old one stays, a new one is made up."""
    priceless = 0

    async def batch(rows: Sequence[CsvRow], report: ImportReport) -> None:
        nonlocal priceless
        prices = await _prices(ctx, [sku_of(row) for row in rows])
        priceless += sum(not row.text("price") and sku_of(row) not in prices for row in rows)

        async def send(drafts: list[catalog.ProductDraft]) -> BatchOutcome:
            return await catalog.upsert(ctx, drafts, OnError.SKIP_FAILED)

        await _send(rows, product_code, lambda row: product_draft(row, prices), send, report)

    required = [["name"], ["gtin", "sku", "code"]]
    report = await _import(path, required, product_code, batch, progress)
    if priceless:
        report.notes.append(
            f"{priceless} new products came without a price: theirs are made up from their SKU,"
            " the same each time."
        )
    return report


async def import_stock(ctx: Context, path: Path, progress: Progress) -> ImportReport:
    """Columns: location_code, sku (or gtin), quantity: what is to be available there."""

    async def batch(rows: Sequence[CsvRow], report: ImportReport) -> None:
        async def send(drafts: list[LevelDraft]) -> BatchOutcome:
            before = await _available(ctx, drafts)
            outcome = await set_levels(ctx, drafts, OnError.SKIP_FAILED, f"import-{uuid4()}")
            done = [drafts[row.index] for row in outcome.batch.rows if row.ok]
            known = [before.get((each.location_code, each.sku)) for each in done]
            return BatchOutcome(
                outcome.batch.rows,
                created=known.count(None),
                updated=sum(
                    old is not None and old != each.quantity
                    for old, each in zip(known, done, strict=True)
                ),
            )

        await _send(rows, _place, level_draft, send, report)

    required = [["location_code", "code"], ["sku", "gtin"], ["quantity"]]
    return await _import(path, required, _place, batch, progress)


async def _import(
    path: Path,
    required: Sequence[Sequence[str]],
    key: Callable[[CsvRow], str],
    batch: Callable[[Sequence[CsvRow], ImportReport], Awaitable[None]],
    progress: Progress,
) -> ImportReport:
    """Send the file's rows in batches; of rows with the same key the first counts."""
    report = ImportReport()
    try:
        rows = await asyncio.to_thread(read_table, path, required)
    except UnreadableFile as error:
        report.failed.append((error.line, "", str(error)))
        return report
    rows = _without_twins(rows, key, report)
    for start in range(0, len(rows), MAXIMUM_ROWS):
        progress(start, len(rows))
        await batch(rows[start : start + MAXIMUM_ROWS], report)
    progress(len(rows), len(rows))
    report.failed.sort()
    return report


def _without_twins(
    rows: Sequence[CsvRow], key: Callable[[CsvRow], str], report: ImportReport
) -> list[CsvRow]:
    first: dict[str, CsvRow] = {}
    for row in rows:
        if first.setdefault(key(row), row) is not row:
            twin = first[key(row)]
            report.failed.append((row.line, key(row), f"The same stands on line {twin.line}."))
    return list(first.values())


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


async def _available(ctx: Context, drafts: Sequence[LevelDraft]) -> dict[tuple[str, str], int]:
    """What is available now at the places of the drafts, by location code and SKU."""
    codes = sorted({each.location_code for each in drafts})
    skus = sorted({each.sku for each in drafts})
    rows = await fetch(
        f"SELECT o.code, v.sku, {EFFECTIVE} AS available FROM stock_level l"
        " JOIN location o ON o.id = l.location_id JOIN variant v ON v.id = l.variant_id"
        f" WHERE o.code IN ({marks(codes)}) AND v.sku IN ({marks(skus)})",
        ctx.now(),
        *map(kept, codes),
        *map(kept, skus),
    )
    return {(row["code"], row["sku"]): row["available"] for row in rows}
