"""Deadlines for the next step of a fulfilment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.orders.states import FulfilmentStatus

AT_LOCATION = (FulfilmentStatus.OPEN, FulfilmentStatus.ACCEPTED, FulfilmentStatus.READY)
OPEN = (*AT_LOCATION, FulfilmentStatus.SHIPPED)
"""The statuses of fulfilments that are neither handed over nor ended."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The timestamps that determine a deadline; `assigned_at` is when the location got the fulfilment."""

    status: FulfilmentStatus
    assigned_at: datetime | None
    accept_due_at: datetime | None = None
    pickup_expires_at: datetime | None = None
    promised_at: datetime | None = None


def due_at(terms: Terms) -> datetime | None:
    """Return the deadline of the next step, None when the location has nothing to do.

    Until acceptance it is when the location may lose the fulfilment; for a pickup it is the expiry;
    otherwise it is the time promised to the customer.
    """
    if terms.assigned_at is None or terms.status not in AT_LOCATION:
        return None
    if terms.status is FulfilmentStatus.OPEN and terms.accept_due_at is not None:
        return terms.accept_due_at
    return terms.pickup_expires_at or terms.promised_at


def lateness_minutes(due: datetime | None, now: datetime) -> int:
    """Return whole minutes since `due`, 0 before it."""
    return max(0, (now - due) // timedelta(minutes=1)) if due else 0


def end_of_day(day: date | None, timezone: ZoneInfo) -> datetime | None:
    """Return the last second of a day in the location's time zone."""
    return datetime.combine(day, time(23, 59, 59), timezone).astimezone(UTC) if day else None
