"""What each kind of file holds: its columns, what a row is called, and the use case that takes its rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts.roles import Permission
from models.integrations.bulk import BulkKind
from resolvers.bulk_rows import BatchOutcome, OnError
from resolvers.catalog.prices import setting as price_setting
from resolvers.catalog.products import upsert as catalog
from resolvers.catalog.products.row_joining import joined
from resolvers.context import Context
from resolvers.integrations.files import row_completion, row_drafts
from resolvers.integrations.files.csv_files import CsvRow
from resolvers.integrations.files.row_files import FileRow
from resolvers.stock.levels import erp_sync
from resolvers.stores import upsert as stores

# From the rows of a chunk to what the use case says of each. `key` is an idempotency key.
Send = Callable[[Context, Sequence[Any], str], Awaitable[BatchOutcome]]
# What rows leave to the database, filled in: see `completing`.
Complete = Callable[[Context, Sequence[FileRow]], Awaitable[list[FileRow]]]


@dataclass(frozen=True, slots=True)
class Kind:
    """`columns`: of each group one must stand in the header, of `optional` any. `draft` reads a row of CSV.

    `label` is what such a row is called. `key_of` names what a draft is about: no two of a chunk may be about
    the same, unless `join` makes one of them, as if the second came after the first. `names_of` says how a
    draft names other things, such as its category: no two of a chunk may name one thing otherwise.
    """

    permission: Permission
    columns: Sequence[Sequence[str]]
    optional: Sequence[str]
    draft: Callable[[CsvRow], Any]
    label: Callable[[CsvRow], str]
    key_of: Callable[[Any], str]
    send: Send
    complete: Complete = row_completion.nothing
    join: Callable[[Any, Any], Any | None] = lambda first, then: None
    names_of: Callable[[Any], Mapping[str, str]] = lambda draft: {}

    @property
    def known(self) -> set[str]:
        """Every column there can be."""
        return {*self.optional, *(name for group in self.columns for name in group)}


async def _catalog(ctx: Context, drafts: Sequence[Any], key: str) -> BatchOutcome:
    return await catalog.upsert(ctx, drafts, OnError.SKIP_FAILED)


async def _prices(ctx: Context, drafts: Sequence[Any], key: str) -> BatchOutcome:
    return await price_setting.set_prices(ctx, drafts, OnError.SKIP_FAILED, key)


async def _stock(ctx: Context, drafts: Sequence[Any], key: str) -> BatchOutcome:
    return (await erp_sync.set_levels(ctx, drafts, OnError.SKIP_FAILED, key)).batch


async def _stores(ctx: Context, drafts: Sequence[Any], key: str) -> BatchOutcome:
    return await stores.upsert(ctx, drafts, OnError.SKIP_FAILED)


KINDS = {
    BulkKind.CATALOG: Kind(
        Permission.CATALOG_WRITE,
        [["name"], ["gtin", "sku", "code"]],
        row_drafts.PRODUCT_COLUMNS,
        row_drafts.product_draft,
        row_drafts.product_code,
        lambda draft: draft.code,
        _catalog,
        row_completion.prices,
        joined,
        row_drafts.names_of,
    ),
    BulkKind.PRICES: Kind(
        Permission.CATALOG_WRITE,
        [["sku", "gtin"], ["price"]],
        row_drafts.PRICE_COLUMNS,
        row_drafts.price_draft,
        row_drafts.sku_of,
        lambda draft: draft.key,
        _prices,
        row_completion.skus,
    ),
    BulkKind.STOCK: Kind(
        Permission.STOCK_WRITE,
        [["location_code", "code"], ["sku", "gtin"], ["quantity"]],
        row_drafts.LEVEL_COLUMNS,
        row_drafts.level_draft,
        row_drafts.level_name,
        lambda draft: draft.key,
        _stock,
        row_completion.skus,
    ),
    BulkKind.STORES: Kind(
        Permission.STORE_WRITE,
        [["code"], ["name"], ["address"]],
        row_drafts.STORE_COLUMNS,
        row_drafts.store_draft,
        row_drafts.store_code,
        lambda draft: draft.code,
        _stores,
    ),
}
