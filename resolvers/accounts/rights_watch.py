"""Noticing in every process that rights were taken away, while subscriptions run on them.

Each process looks at the credentials of all its subscriptions together, every two seconds: at most four
statements however many there are. A subscription whose credentials changed looks at its own then.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from models.database import any_of, array, records
from models.tables.columns import moment
from resolvers.context import ActorKind, Context, utc_now

LOOK_SECONDS = 2.0
log = structlog.get_logger(__name__)

Key = tuple[str, int]  # kind of credential and row ID: ("session", 7)

_STATEMENTS = {
    "session": "SELECT x.id, x.revoked_at FROM session x WHERE {}",
    "staff": "SELECT x.id, x.active, x.second_factor_at, g.role, n.path FROM staff x"
    " LEFT JOIN staff_grant g ON g.staff_id = x.id"
    " LEFT JOIN organisation n ON n.id = g.organisation_id WHERE {} ORDER BY g.id",
    "client": "SELECT x.id, x.active, x.scopes, x.secret_hash, n.path, x.previous_secret_hash,"
    " x.previous_until FROM api_client x JOIN organisation n ON n.id = x.organisation_id WHERE {}",
    "storefront": "SELECT x.id, x.active, n.path FROM storefront x"
    " JOIN organisation n ON n.id = x.organisation_id WHERE {}",
}


@dataclass(eq=False, slots=True)
class _Watched:
    keys: Sequence[Key]
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    seen: Any = None


class RightsWatch:
    """Watches for all subscriptions of a process; runs only while there are any."""

    def __init__(self) -> None:
        self._watched: set[_Watched] = set()
        self._looking: asyncio.Task[None] | None = None

    @contextmanager
    def watch(self, ctx: Context) -> Iterator[asyncio.Event]:
        """An event that is set when the credentials of `ctx` may have changed, and once at the first look."""
        watched = _Watched(_keys_of(ctx))
        self._watched.add(watched)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.get_running_loop().create_task(self._look_while_watched())
        try:
            yield watched.changed
        finally:
            self._watched.discard(watched)
            if not self._watched and self._looking:
                self._looking.cancel()
                self._looking = None

    async def look(self) -> None:
        """Look at all credentials once, and tell those whose changed since they were looked at last."""
        now: dict[Key, list[Any]] = defaultdict(list)
        wanted: dict[str, set[int]] = defaultdict(set)
        for watched in self._watched:
            for kind, row_id in watched.keys:
                wanted[kind].add(row_id)
        for kind, ids in wanted.items():
            statement = _STATEMENTS[kind].format(any_of("x.id"))
            for row_id, *columns in await records(statement, array(sorted(ids))):
                now[kind, row_id].append(_over(columns) if kind == "client" else columns)
        for watched in list(self._watched):
            seen = [now.get(key) for key in watched.keys]
            if seen != watched.seen:
                watched.seen = seen
                watched.changed.set()

    async def _look_while_watched(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                await self.look()
            except Exception as error:  # noqa: BLE001 - subscriptions look for themselves, only later
                log.warning("rights could not be looked at", error=str(error))


def _keys_of(ctx: Context) -> list[Key]:
    actor, keys = ctx.actor, []
    if actor.session_id is not None:
        keys.append(("session", actor.session_id))
    if actor.id is not None and actor.kind is ActorKind.STAFF:
        keys.append(("staff", actor.id))
    if actor.id is not None and actor.kind is ActorKind.API_CLIENT:
        keys.append(("client", actor.id))
    if ctx.storefront_id is not None:
        keys.append(("storefront", ctx.storefront_id))
    return keys


def _over(columns: list[Any]) -> list[Any]:
    """A client's columns, in place of the end of an overlap whether it is over."""
    *others, until = columns
    return [*others, bool(until) and moment(until) <= utc_now()]
