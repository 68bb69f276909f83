"""The goals: CPU milliseconds a request on two cores, by row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Goal:
    """CPU milliseconds: the server on SQLite, the server on PostgreSQL, and PostgreSQL itself."""

    on_sqlite: float
    on_postgres: float
    postgres: float
    statements: int | None = None
    calls: int | None = None


GOALS: Mapping[str, Goal] = {
    "R1": Goal(0.8, 0.7, 0.6),
    "R1b": Goal(2.8, 2.2, 2.0),
    "R2": Goal(0.3, 0.3, 0.3),
    "R3": Goal(1.2, 0.8, 1.0),
    "R4": Goal(0.3, 0.3, 0.3),
    "R5": Goal(1.5, 1.0, 1.0),
    "W1": Goal(6.0, 5.0, 4.0, statements=25, calls=3),
}
START_SECONDS = 1.5
IDLE_MEGABYTES = 110
