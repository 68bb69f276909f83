"""A replica of the database, used for reads that may be a few seconds old while it keeps up.

Source: PostgreSQL, "Recovery Information Functions": a standby replays the write-ahead log up to a
position.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Any

import asyncpg

from models.engine.read_connections import PostgresReader, Reader, Records
from models.error_text import message_of

LOOK_SECONDS = 1.0
ANSWER_SECONDS = 5.0
POSITIONS = 600
LOST = (
    *(OSError, TimeoutError),
    *(asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError),
)
log = logging.getLogger(__name__)

WRITTEN = "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint"
# A server that is no standby, such as a logical copy, has no position; its operator answers for its lag.
REPLAYED = (
    "SELECT CASE WHEN pg_is_in_recovery()"
    " THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::bigint END"
)


class Replica:
    """A replica that is used only while it has what the primary had committed `lag_seconds` ago."""

    def __init__(self, pool: Any, primary: Reader, lag_seconds: float) -> None:
        self._pool = pool
        self._primary = primary
        self._lag_seconds = lag_seconds
        # Times and the primary's positions at them.
        self._positions: deque[tuple[float, int]] = deque(maxlen=POSITIONS)
        self._followed = False
        self._reader: PostgresReader | None = None
        self._watching = asyncio.create_task(self._watch())
        self.usable = False

    @classmethod
    def at(cls, url: str, primary: Reader, lag_seconds: float, **options: Any) -> Replica:
        """Connect to a replica; until it responds, connecting is retried."""
        pool = asyncpg.create_pool(
            url, min_size=0, timeout=ANSWER_SECONDS, command_timeout=ANSWER_SECONDS, **options
        )
        return cls(pool, primary, lag_seconds)

    async def records(self, query: str, values: Sequence[Any]) -> Records | None:
        """Return the rows of a SELECT, or None if the primary must be used instead."""
        if not self.usable or self._reader is None:
            return None
        try:
            return await self._reader.records(query, values)
        except LOST as error:
            self._leave(error)
            return None

    async def close(self) -> None:
        self._watching.cancel()
        await asyncio.wait([self._watching])
        if self._reader:
            await self._reader.close()
            self._pool.terminate()

    async def _watch(self) -> None:
        while True:
            try:
                usable = await self._keeps_up()
                if usable != self.usable:
                    log.warning("the replica %s", "is used" if usable else "lags too far behind")
                self.usable = usable
            except LOST as error:
                self._leave(error)
            await asyncio.sleep(LOOK_SECONDS)

    async def _keeps_up(self) -> bool:
        if self._reader is None:
            await self._pool
            self._reader = PostgresReader(self._pool)
        now = asyncio.get_running_loop().time()
        self._positions.append((now, (await self._primary.records(WRITTEN, ()))[0][0]))
        replayed = (await self._reader.records(REPLAYED, ()))[0][0]
        if replayed is None:
            return not self._followed  # a replica that followed before has been promoted
        self._followed = True
        # The first position is the latest that the replica has reached.
        while len(self._positions) > 1 and self._positions[1][1] <= replayed:
            self._positions.popleft()
        reached_at, position = self._positions[0]
        return position <= replayed and now - reached_at <= self._lag_seconds

    def _leave(self, error: BaseException) -> None:
        if self.usable:
            log.warning("the replica does not answer, the primary is asked: %s", message_of(error))
        self.usable = False
