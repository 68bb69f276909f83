"""The permitted age of reads: that of a replica, or that of the request they belong to."""

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
State = tuple[int, str]  # identifies a state of the database in `models.engine.query_cache`

FOREVER, NOT_AT_ALL = datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True)
class Freshness:
    """The cached results that a request may use: up to number `latest`, of its `state` once that is known.

    They are usable only until it `has_moved_on`: after it has read or written anything itself, nothing
    older may follow. If nothing is written, its response is valid until `holds_until`.
    """

    latest: int = 0
    state: State | None = None
    has_moved_on: bool = False
    holds_until: datetime = FOREVER


lag_allowed: ContextVar[bool] = ContextVar("lag_allowed", default=False)
may_be_as_fresh_as: ContextVar[Freshness | None] = ContextVar("freshness", default=None)


@contextmanager
def as_fresh_as(freshness: Freshness | None, *, may_lag: bool = False) -> Iterator[None]:
    """Allow plain SQL reads in this context to be as old as the request they belong to.

    `may_lag`: they may be a few seconds old, so that a replica may serve them.
    """
    fresh_scope, lag_scope = may_be_as_fresh_as.set(freshness), lag_allowed.set(may_lag)
    try:
        yield
    finally:
        lag_allowed.reset(lag_scope)
        may_be_as_fresh_as.reset(fresh_scope)


def up_to_date(work: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, Coroutine[Any, Any, T]]:
    """Bypass cached and replicated reads inside this function."""

    @wraps(work)
    async def work_up_to_date(*arguments: P.args, **more: P.kwargs) -> T:
        scope = lag_allowed.set(False)
        try:
            return await work(*arguments, **more)
        finally:
            lag_allowed.reset(scope)

    return work_up_to_date


def move_on() -> None:
    """Record a read or write that does not go through `records` of `models.database`."""
    if freshness := may_be_as_fresh_as.get():
        freshness.has_moved_on = True
