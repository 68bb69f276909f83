"""What each kind of file holds: its columns, what a row is called, and the use case that takes its rows."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts.roles import Permission
from models.integrations.bulk import BulkKind
from resolvers.batches import BatchOutcome, OnError
from resolvers.catalog import price_setting
from resolvers.catalog import upsert as catalog
from resolvers.catalog.joining import joined
from resolvers.context import Context
from resolvers.integrations import completing, rows
from resolvers.integrations.csv_files import CsvRow
from resolvers.integrations.row_files import FileRow
from resolvers.stock import sync
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
    complete: Complete = completing.nothing
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
    return (await sync.set_levels(ctx, drafts, OnError.SKIP_FAILED, key)).batch


async def _stores(ctx: Context, drafts: Sequence[Any], key: str) -> BatchOutcome:
    return await stores.upsert(ctx, drafts, OnError.SKIP_FAILED)


KINDS = {
    BulkKind.CATALOG: Kind(
        Permission.CATALOG_WRITE,
        [["name"], ["gtin", "sku", "code"]],
        rows.PRODUCT_COLUMNS,
        rows.product_draft,
        rows.product_code,
        lambda draft: draft.code,
        _catalog,
        completing.prices,
        joined,
        rows.names_of,
    ),
    BulkKind.PRICES: Kind(
        Permission.CATALOG_WRITE,
        [["sku", "gtin"], ["price"]],
        rows.PRICE_COLUMNS,
        rows.price_draft,
        rows.sku_of,
        lambda draft: draft.key,
        _prices,
        completing.skus,
    ),
    BulkKind.STOCK: Kind(
        Permission.STOCK_WRITE,
        [["location_code", "code"], ["sku", "gtin"], ["quantity"]],
        rows.LEVEL_COLUMNS,
        rows.level_draft,
        rows.level_name,
        lambda draft: draft.key,
        _stock,
        completing.skus,
    ),
    BulkKind.STORES: Kind(
        Permission.STORE_WRITE,
        [["code"], ["name"], ["address"]],
        rows.STORE_COLUMNS,
        rows.store_draft,
        rows.store_code,
        lambda draft: draft.code,
        _stores,
    ),
}
