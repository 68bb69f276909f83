"""When to try again what a receiver did not take."""

from __future__ import annotations

from datetime import timedelta

FIRST_RETRY = timedelta(seconds=10)
LAST_RETRY = timedelta(hours=4)
FIRST_PAUSE = timedelta(seconds=2)
LAST_PAUSE = timedelta(minutes=5)
BREAK_AFTER = 5
JITTER = 0.5


def retry_after(attempts: int, chance: float) -> timedelta:
    """How long after the `attempts`-th failure of a delivery; `chance` from 0 to 1 spreads them out."""
    return _doubled(FIRST_RETRY, LAST_RETRY, attempts - 1, chance)


def pause_after(failures: int, chance: float) -> timedelta | None:
    """How long to leave a receiver alone after so many failures in a row; not at all after a few."""
    if failures < BREAK_AFTER:
        return None
    return _doubled(FIRST_PAUSE, LAST_PAUSE, failures - BREAK_AFTER, chance)


def _doubled(first: timedelta, last: timedelta, times: int, chance: float) -> timedelta:
    return min(last, first * 2 ** min(times, 20)) * (1 - JITTER * chance)
