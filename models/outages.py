"""Outages of a process's dependencies, logged when they begin and end instead of at every attempt."""

from __future__ import annotations

import logging
import time

from models.database_faults import Fault, FaultKind
from models.error_text import message_of

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
REMINDER_SECONDS = 60.0
RECENT_SECONDS = 60.0
log = logging.getLogger(__name__)


class Outage:
    """The availability of one dependency. `pause` doubles with every failure in a row, up to 30 seconds."""

    def __init__(self, what: str, level: int = logging.WARNING) -> None:
        self.what = what
        self.level = level
        self.pause = 0.0
        self._until = 0.0

    @property
    def is_on(self) -> bool:
        """Whether the last attempt failed."""
        return self.pause > 0

    @property
    def is_resting(self) -> bool:
        """Whether the last failure is so recent that another attempt is not worth its timeout."""
        return self.is_on and time.monotonic() < self._until

    def failed(self, error: BaseException) -> float:
        """Record a failure, log the first one, and return the seconds to wait before the next attempt."""
        if not self.is_on:
            reason = message_of(error) or type(error).__name__
            log.log(
                self.level,
                "%s is unavailable, retrying at increasing intervals: %s",
                self.what,
                reason,
            )
        self.pause = min(LONGEST_PAUSE_SECONDS, self.pause * 2 or FIRST_PAUSE_SECONDS)
        self._until = time.monotonic() + self.pause
        return self.pause

    def worked(self) -> None:
        if self.is_on:
            log.log(self.level, "%s is available again", self.what)
        self.pause = 0.0


class DatabaseFaults:
    """Faults of the database seen by requests and tasks, logged at most once a minute for each kind."""

    def __init__(self) -> None:
        self._logged: dict[FaultKind, float] = {}
        self._silent: dict[FaultKind, int] = {}
        self._met: dict[FaultKind, float] = {}

    def met(self, fault: Fault) -> None:
        now = time.monotonic()
        self._met[fault.kind] = now
        if now - self._logged.get(fault.kind, -REMINDER_SECONDS) < REMINDER_SECONDS:
            self._silent[fault.kind] = self._silent.get(fault.kind, 0) + 1
            return
        unlogged = self._silent.pop(fault.kind, 0)
        self._logged[fault.kind] = now
        more = f" ({unlogged} more in the last minute)" if unlogged else ""
        log.error("database fault %s: %s%s", fault.kind, fault.cause, more)

    def recent(self, kind: FaultKind) -> bool:
        """Return whether such a fault occurred in the last minute and no write has succeeded since."""
        met = self._met.get(kind)
        return met is not None and time.monotonic() - met < RECENT_SECONDS

    def wrote(self) -> None:
        """Record that a transaction has committed, which ends all faults of writing."""
        if self._met:
            self._met.clear()
            if self._logged:
                log.warning("writing to the database succeeds again")
            self._logged.clear()
            self._silent.clear()


database_faults = DatabaseFaults()
