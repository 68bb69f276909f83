"""What each kind of file holds: its columns, what a row is called, and the use case that takes its rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts.roles import Permission
from models.database import fetch, marks
from models.integrations.bulk import BulkKind
from resolvers.batches import BatchOutcome, OnError
from resolvers.catalog import price_setting
from resolvers.catalog import upsert as catalog
from resolvers.context import Context
from resolvers.integrations import rows
from resolvers.integrations.csv_files import CsvRow
from resolvers.keyset import kept
from resolvers.stock import sync
from resolvers.stores import upsert as stores

# From the rows of a chunk to what the use case says of each. `key` is an idempotency key.
Send = Callable[[Context, Sequence[Any], str], Awaitable[BatchOutcome]]


@dataclass(frozen=True, slots=True)
class Kind:
    """`columns`: of each group one must stand in the header. `draft` reads a row of a CSV file.

    `key_of` names what a draft is about: no two of a chunk may be about the same.
    """

    permission: Permission
    columns: Sequence[Sequence[str]]
    draft: Callable[[CsvRow], Any]
    key_of: Callable[[Any], str]
    send: Send


async def _catalog(ctx: Context, drafts: Sequence[Any], key: str) -> BatchOutcome:
    return await catalog.upsert(ctx, drafts, OnError.SKIP_FAILED)


async def _prices(ctx: Context, drafts: Sequence[Any], key: str) -> BatchOutcome:
    return await price_setting.set_prices(ctx, drafts, OnError.SKIP_FAILED, key)


async def _stock(ctx: Context, drafts: Sequence[Any], key: str) -> BatchOutcome:
    before = await _available(drafts)
    batch = (await sync.set_levels(ctx, drafts, OnError.SKIP_FAILED, key)).batch
    done = [drafts[row.index] for row in batch.rows if row.ok]
    known = [before.get((each.location_code, each.sku)) for each in done]
    changed = [
        old is not None and old != each.quantity for old, each in zip(known, done, strict=True)
    ]
    return BatchOutcome(batch.rows, created=known.count(None), updated=sum(changed))


async def _stores(ctx: Context, drafts: Sequence[Any], key: str) -> BatchOutcome:
    return await stores.upsert(ctx, drafts, OnError.SKIP_FAILED)


async def _available(drafts: Sequence[sync.LevelDraft]) -> dict[tuple[str, str], int]:
    """What is available now at the places of the drafts, by location code and SKU."""
    codes = sorted({each.location_code for each in drafts})
    skus = sorted({each.sku for each in drafts})
    found = await fetch(
        "SELECT o.code, v.sku, l.available FROM stock_level l"
        " JOIN location o ON o.id = l.location_id JOIN variant v ON v.id = l.variant_id"
        f" WHERE o.code IN ({marks(codes)}) AND v.sku IN ({marks(skus)})",
        *map(kept, codes),
        *map(kept, skus),
    )
    return {(row["code"], row["sku"]): row["available"] for row in found}


KINDS = {
    BulkKind.CATALOG: Kind(
        Permission.CATALOG_WRITE,
        [["name"], ["gtin", "sku", "code"], ["price"]],
        rows.product_draft,
        lambda draft: draft.code,
        _catalog,
    ),
    BulkKind.PRICES: Kind(
        Permission.CATALOG_WRITE,
        [["sku", "gtin"], ["price"]],
        rows.price_draft,
        lambda draft: draft.key,
        _prices,
    ),
    BulkKind.STOCK: Kind(
        Permission.STOCK_WRITE,
        [["location_code", "code"], ["sku", "gtin"], ["quantity"]],
        rows.level_draft,
        lambda draft: draft.key,
        _stock,
    ),
    BulkKind.STORES: Kind(
        Permission.STORE_WRITE,
        [["code"], ["name"], ["address"]],
        rows.store_draft,
        lambda draft: draft.code,
        _stores,
    ),
}
