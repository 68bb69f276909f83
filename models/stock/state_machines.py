"""The life of a stock document as a table: status → action → the status it leads to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import TypeVar

from models.errors import StateConflict

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)
Transitions = Mapping[S, Mapping[A, S]]


def next_status(transitions: Transitions[S, A], status: S, action: A) -> S:
    """Where the action leads.

    Raises: StateConflict with what may be done instead.
    """
    moves = transitions.get(status, {})
    if action not in moves:
        raise StateConflict(
            "A document that is {state} does not allow this.",
            state=status,
            allowed=actions_of(transitions, status),
        )
    return moves[action]


def actions_of(transitions: Transitions[S, A], status: S) -> Sequence[A]:
    """What may be done with it now, whoever asks, in the order of the table."""
    return tuple(transitions.get(status, {}))


def document_number(prefix: str, day: date, position: int) -> str:
    """`TR-20261125-0001`: the first of its kind that day; past 9999 it grows longer."""
    return f"{series_of(prefix, day)}-{position:04}"


def series_of(prefix: str, day: date) -> str:
    return f"{prefix}-{day:%Y%m%d}"
