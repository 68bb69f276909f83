"""When API clients were last used: noted in memory by each request, written once a minute."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from models.accounts.clients import ApiClient
from models.database import execute_many, transaction
from resolvers.context import Actor, ActorKind, utc_now

WRITE_SECONDS = 60.0
log = structlog.get_logger(__name__)

_WRITE = (
    f"UPDATE {ApiClient._meta.db_table} SET last_used_at = ?"
    " WHERE id = ? AND (last_used_at IS NULL OR last_used_at <= ?)"
)


class ClientUses:
    """The uses that this process has not written yet."""

    def __init__(self) -> None:
        self._used: dict[int, datetime] = {}

    def note(self, actor: Actor) -> None:
        if actor.kind is ActorKind.API_CLIENT and actor.id is not None:
            self._used[actor.id] = utc_now()

    async def write(self) -> None:
        """Write what was noted, except for clients whose last use was written less than a minute ago."""
        used, self._used = self._used, {}
        if used:
            minute = timedelta(seconds=WRITE_SECONDS)
            rows = [(at, client_id, at - minute) for client_id, at in sorted(used.items())]
            await transaction(execute_many, _WRITE, rows)

    async def run(self) -> None:
        """Write once a minute, and what is left when it is cancelled."""
        try:
            while True:
                await asyncio.sleep(WRITE_SECONDS)
                await self._try_to_write()
        finally:
            await self._try_to_write()

    async def _try_to_write(self) -> None:
        try:
            await self.write()
        except Exception as error:  # noqa: BLE001 - a use that is not written is no reason to stop
            log.warning("the last uses of API clients were not written", error=str(error))
