"""`python -m benchmarks.imports`: import files of stores, products and stock, in rows a second."""

from __future__ import annotations

import argparse
import asyncio
import csv
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.databases import ENGINES, Database, empty, engines_that_answer
from gateways.wiring import make_gateways
from models.integrations.bulk import BulkKind
from resolvers.accounts.bootstrap import ensure_platform
from resolvers.accounts.identity import first_merchant
from resolvers.context import SYSTEM, Context
from resolvers.integrations.bulk.imports import ImportFile, import_file
from schema.integrations.bulk_rows import draft_of
from settings import Settings

STORES_OF_STOCK = 20


async def main(given: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as folder:
        files = _files(Path(folder), given)
        for engine in [given.database] if given.database else await engines_that_answer():
            async with empty(engine) as database:
                print(f"{database.title}:")
                await _import(database, files)
                print("  and all of it once more, nothing having changed:")
                await _import(database, files)


async def _import(database: Database, files: Sequence[Path]) -> None:
    await ensure_platform()
    settings = Settings(database_url=database.url)
    ctx = Context(settings=settings, gateways=make_gateways(settings), actor=SYSTEM)
    ctx.merchant_id = await first_merchant()
    kinds = (BulkKind.STORES, BulkKind.CATALOG, BulkKind.STOCK)
    for path, kind in zip(files, kinds, strict=True):
        began, before = time.perf_counter(), time.process_time()
        database_before = await database.cpu_seconds()
        report = await import_file(ctx, ImportFile(path, kind), draft_of, lambda done, total: None)
        seconds, cpu = time.perf_counter() - began, time.process_time() - before
        database_cpu = await database.cpu_seconds() - database_before
        rows = sum(1 for _ in path.open(encoding="utf-8")) - 1
        assert not report.failed, report
        print(
            f"  {path.stem:9} {rows:7,} rows in {seconds:6.1f} s: {rows / seconds:7,.0f} a second;"
            f" CPU a row: {cpu * 1e6 / rows:5.0f} µs + {database_cpu * 1e6 / rows:5.0f} µs in the database",
            flush=True,
        )


def _files(folder: Path, given: argparse.Namespace) -> list[Path]:
    """Write the same files in each run."""
    return [
        _file(folder / "stores.csv", ("code", "name", "address", "latitude", "longitude"), (
            (f"S{n:05}", f"Store {n}", f"沈阳市青年大街 {n} 号", 40 + n % 100 / 50, 122 + n // 100 / 50)
            for n in range(given.stores)
        )),
        _file(folder / "products.csv", ("sku", "name", "price"), (
            (f"P{n:06}", f"第{n}号牛奶", f"{1 + n % 90}.90") for n in range(given.products)
        )),
        _file(folder / "stock.csv", ("location_code", "sku", "quantity"), (
            (f"S{store:05}", f"P{n:06}", 1 + n % 50)
            for n in range(given.products) for store in range(STORES_OF_STOCK)
        )),
    ]  # fmt: skip


def _file(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.imports", description=__doc__)
    parser.add_argument("--database", choices=ENGINES, help="all that answer")
    parser.add_argument("--stores", type=int, default=1_000)
    parser.add_argument("--products", type=int, default=5_000, help="each in stock at 20 stores")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(_arguments()))
