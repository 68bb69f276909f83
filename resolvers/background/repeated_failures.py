"""Logs failures that come back: the traceback of each cause once, then a line per interval with a count."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.error_text import Cause, cause_of, message_of

INTERVAL_SECONDS = 300.0
MOST_CAUSES = 1_000  # remembered at a time


@dataclass(slots=True)
class _Repeated:
    logged_at: float
    silent: int = 0


class RepeatedFailures:
    """The failures of one worker by task and cause; `log` is a structlog logger, `clock` in seconds."""

    def __init__(self, log: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._log = log
        self._clock = clock
        self._seen: dict[tuple[str, Cause], _Repeated] = {}

    def log(self, key: str, error: Exception, event: str, **values: Any) -> None:
        """Log a failure of `key` unless its cause was logged within the interval; it is counted then."""
        now, seen_as = self._clock(), (key, cause_of(error))
        seen = self._seen.get(seen_as)
        if seen is None:
            if len(self._seen) >= MOST_CAUSES:
                self._seen.clear()
            self._seen[seen_as] = _Repeated(now)
            self._log.error(event, exc_info=error, **values)
        elif now - seen.logged_at < INTERVAL_SECONDS:
            seen.silent += 1
        else:
            cause = f"{type(error).__name__}: {message_of(error)}"
            self._log.error(f"{event} again", cause=cause, times=seen.silent + 1, **values)
            seen.logged_at, seen.silent = now, 0
