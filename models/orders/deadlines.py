"""Until when a fulfilment is to take its next step: pure rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.orders.states import FulfilmentStatus

AT_A_PLACE = (FulfilmentStatus.OPEN, FulfilmentStatus.ACCEPTED, FulfilmentStatus.READY)
OPEN = (*AT_A_PLACE, FulfilmentStatus.SHIPPED)
"""What has been neither handed over nor ended."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The moments that a fulfilment is bound to; `assigned_at` is when its place got it."""

    status: FulfilmentStatus
    assigned_at: datetime | None
    accept_due_at: datetime | None = None
    pickup_expires_at: datetime | None = None
    promised_at: datetime | None = None


def due_at(terms: Terms) -> datetime | None:
    """Until when the next step is to be done, None where the place has nothing to do.

    What is not accepted yet is due when the place may lose it; a pickup when it expires; the rest when the
    customer was told.
    """
    if terms.assigned_at is None or terms.status not in AT_A_PLACE:
        return None
    if terms.status is FulfilmentStatus.OPEN and terms.accept_due_at is not None:
        return terms.accept_due_at
    return terms.pickup_expires_at or terms.promised_at


def lateness_minutes(due: datetime | None, now: datetime) -> int:
    """Whole minutes since `due`; 0 in time."""
    return max(0, (now - due) // timedelta(minutes=1)) if due else 0


def end_of_day(day: date | None, timezone: ZoneInfo) -> datetime | None:
    """The last second of a day in a place's time."""
    return datetime.combine(day, time(23, 59, 59), timezone).astimezone(UTC) if day else None
