"""The schedule of retries for webhook deliveries."""

from __future__ import annotations

from datetime import timedelta

FIRST_RETRY = timedelta(seconds=10)
LAST_RETRY = timedelta(hours=4)
FIRST_PAUSE = timedelta(seconds=2)
LAST_PAUSE = timedelta(minutes=5)
BREAK_AFTER = 5
JITTER = 0.5


def retry_after(attempts: int, chance: float) -> timedelta:
    """Return the delay after the `attempts`-th failure of a delivery; `chance` (0 to 1) spreads it."""
    return _doubled(FIRST_RETRY, LAST_RETRY, attempts - 1, chance)


def pause_after(failures: int, chance: float) -> timedelta | None:
    """Return how long to pause a receiver after this many consecutive failures; None after a few."""
    if failures < BREAK_AFTER:
        return None
    return _doubled(FIRST_PAUSE, LAST_PAUSE, failures - BREAK_AFTER, chance)


def _doubled(first: timedelta, last: timedelta, times: int, chance: float) -> timedelta:
    return min(last, first * 2 ** min(times, 20)) * (1 - JITTER * chance)
