"""What the server does around a query, so that results may be kept for it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from models.database import first_records, freshness_of_request
from models.read_consistency import Freshness, as_fresh_as


async def begin_request() -> Freshness:
    freshness = freshness_of_request()
    await first_records(freshness, "SELECT {snapshot}, 1")
    return freshness


@asynccontextmanager
async def a_request() -> AsyncIterator[None]:
    with as_fresh_as(await begin_request()):
        yield
