"""The bare SQL of each row: the cost of the database and its driver alone.

Each row is one statement whose result is JSON built by SQL. W1 holds, commits and restores one unit, each
in its own transaction. The CPU time is that of this process, which only sends the SQL, and of the database.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import asyncpg

from benchmarks.data import CHAIN, WIDE_CHAIN, Scale, kinds, product_code, product_slug
from benchmarks.databases import Database
from models.config import sqlite_path

SECONDS = 1.0
Send = Callable[..., Awaitable[Any]]


@dataclass(frozen=True)
class Floor:
    """CPU milliseconds a request: of the process that sends the SQL, and of the database."""

    driver_cpu_ms: float
    database_cpu_ms: float


async def floors(database: Database, scale: Scale) -> Mapping[str, Floor]:
    """Return the floor of each row."""
    async with _connected(database) as (send, words):
        return {
            key: await _floor(
                database, send, [words.translate(each) for each in statements], values
            )
            for key, (statements, values) in _statements(scale).items()
        }


async def _floor(database: Database, send: Send, statements: list[str], values: Any) -> Floor:
    for statement in statements:
        await send(statement, *values)
    times, began = 0, time.perf_counter()
    database_before, before = await database.cpu_seconds(), time.process_time()
    while time.perf_counter() - began < SECONDS:
        for statement in statements:
            await send(statement, *values)
        times += 1
    spent = time.process_time() - before
    database_spent = await database.cpu_seconds() - database_before
    return Floor(spent * 1000 / times, database_spent * 1000 / times)


@dataclass(frozen=True)
class _Words:
    """The JSON functions of the dialect."""

    one: str
    many: str

    def translate(self, statement: str) -> str:
        return statement.replace("OBJECT(", f"{self.one}(").replace("LIST(", f"{self.many}(")


@asynccontextmanager
async def _connected(database: Database) -> AsyncIterator[tuple[Send, _Words]]:
    if database.url.startswith("sqlite://"):
        connection = sqlite3.connect(sqlite_path(database.url), isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")

        async def send(statement: str, *values: Any) -> Any:
            return connection.execute(statement, values).fetchall()

        yield send, _Words("json_object", "json_group_array")
        connection.close()
    else:
        remote = await asyncpg.connect(database.url)
        yield remote.fetch, _Words("json_build_object", "json_agg")
        await remote.close()


_VARIANTS = (
    "(SELECT LIST(OBJECT('sku', v.sku, 'amount', COALESCE((SELECT p.amount_minor FROM price p"
    " WHERE p.price_list_id = 1 AND p.variant_id = v.id), v.price_minor), 'available', (SELECT"
    " SUM(l.available - l.safety_stock) FROM stock_level l WHERE l.variant_id = v.id)))"
    " FROM variant v WHERE v.product_id = product.id)"
)
_PRODUCT = f"OBJECT('id', product.id, 'name', name, 'slug', slug, 'variants', {_VARIANTS})"
_PAGE = (
    f"SELECT LIST({_PRODUCT}) FROM (SELECT * FROM product WHERE merchant_id = $1"
    " AND status = 'ACTIVE' ORDER BY id DESC LIMIT {first}) AS product"
)
_BY_SLUG = f"SELECT {_PRODUCT} FROM product WHERE merchant_id = $1 AND slug = $2"
_SEARCH = (
    f"SELECT LIST({_PRODUCT}) FROM (SELECT * FROM product WHERE merchant_id = $1 AND id IN"
    " (SELECT product_id FROM search_term WHERE term = $2) ORDER BY id DESC LIMIT 20) AS product"
)
_STOCK = (
    "SELECT LIST(OBJECT('available', s.available, 'code', l.code, 'name', l.name))"
    " FROM stock_level s JOIN location l ON l.id = s.location_id"
    " WHERE s.variant_id = (SELECT id FROM variant WHERE merchant_id = $1 AND sku = $2)"
)
_NEAR = (
    "SELECT LIST(OBJECT('code', l.code, 'name', l.name)) FROM location l"
    " JOIN stock_level s ON s.location_id = l.id AND s.variant_id = $1 AND s.available >= 1"
    " WHERE l.merchant_id = $2 AND l.latitude_wgs84 BETWEEN 30 AND 30.8"
    " AND l.longitude_wgs84 BETWEEN 110 AND 110.8"
)
_STATES = ("available", "held", "committed", "available")
_MOVES = [
    f"UPDATE stock_level SET {source} = {source} - 1, {target} = {target} + 1"
    f" WHERE variant_id = 1 AND location_id = 1 AND {source} >= 1"
    for source, target in pairwise(_STATES)
]


def _statements(scale: Scale) -> dict[str, tuple[list[str], tuple[Any, ...]]]:
    return {
        "R1": ([_PAGE.replace("{first}", "20")], (CHAIN,)),
        "R1b": ([_PAGE.replace("{first}", "100")], (CHAIN,)),
        "R2": ([_BY_SLUG], (CHAIN, product_slug(11))),
        "R3": ([_SEARCH], (CHAIN, kinds()[0])),
        "R4": ([_STOCK], (CHAIN, f"{product_code(11)}-1")),
        "R5": ([_NEAR], (scale.skus + 1, WIDE_CHAIN)),
        "W1": (_MOVES, ()),
    }
