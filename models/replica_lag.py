"""How far a replica is behind, asked once."""

from __future__ import annotations

import asyncpg

from models.database import records
from models.engine.postgres.replica import ANSWER_SECONDS, LOST, REPLAYED, WRITTEN

__all__ = ["LOST", "bytes_behind"]


async def bytes_behind(url: str) -> int | None:
    """Return how much of the primary's log the replica has not replayed; None where it follows nobody.

    Raises: one of `LOST`.
    """
    written: int = (await records(WRITTEN))[0][0]
    connection = await asyncpg.connect(url, timeout=ANSWER_SECONDS)
    try:
        replayed = await connection.fetchval(REPLAYED, timeout=ANSWER_SECONDS)
    finally:
        await connection.close(timeout=ANSWER_SECONDS)
    return None if replayed is None else max(0, written - replayed)
