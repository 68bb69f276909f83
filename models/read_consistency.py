"""How old what is read may be: as old as a replica, or as the request that asks."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")
State = tuple[int, str]  # of a database, as `models.engine.query_cache` tells one from another

FOREVER, NOT_AT_ALL = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Freshness:
    """What a request may be given: results up to number `latest`, of its `state` once that is known.

    Only until it `has_moved_on`: when it has read or written anything itself, nothing older may follow.
    Its answer `holds_until` then, if nothing is written.
    """

    latest: int = 0
    state: State | None = None
    has_moved_on: bool = False
    holds_until: datetime = FOREVER


lag_allowed: ContextVar[bool] = ContextVar("lag_allowed", default=False)
may_be_as_fresh_as: ContextVar[Freshness | None] = ContextVar("freshness", default=None)


@contextmanager
def as_fresh_as(freshness: Freshness | None, *, may_lag: bool = False) -> Iterator[None]:
    """What is read here by plain SQL need be no newer than the request that this belongs to.

    `may_lag`: it may be a few seconds old, so that a replica may answer it.
    """
    fresh_scope, lag_scope = may_be_as_fresh_as.set(freshness), lag_allowed.set(may_lag)
    try:
        yield
    finally:
        lag_allowed.reset(lag_scope)
        may_be_as_fresh_as.reset(fresh_scope)


def up_to_date(work: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """What this function reads must be as it is now, whoever calls it."""

    @wraps(work)
    async def work_up_to_date(*arguments: P.args, **more: P.kwargs) -> T:
        scope = lag_allowed.set(False)
        try:
            return await work(*arguments, **more)
        finally:
            lag_allowed.reset(scope)

    return work_up_to_date


def move_on() -> None:
    """For whatever reads or writes otherwise than by `records` of `models.database`."""
    if freshness := may_be_as_fresh_as.get():
        freshness.has_moved_on = True
