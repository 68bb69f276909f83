"""A single measurement of how far a replica is behind."""

from __future__ import annotations

import asyncpg

from models.database import records
from models.engine.postgres.replica import ANSWER_SECONDS, LOST, REPLAYED, WRITTEN

__all__ = ["LOST", "bytes_behind"]


async def bytes_behind(url: str) -> int | None:
    """Return the bytes of the primary's log that the replica has not replayed; None if it is no standby.

    Raises: one of `LOST`.
    """
    written: int = (await records(WRITTEN))[0][0]
    connection = await asyncpg.connect(url, timeout=ANSWER_SECONDS)
    try:
        replayed = await connection.fetchval(REPLAYED, timeout=ANSWER_SECONDS)
    finally:
        await connection.close(timeout=ANSWER_SECONDS)
    return None if replayed is None else max(0, written - replayed)
