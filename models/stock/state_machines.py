"""State machines of stock documents as tables: status → action → next status."""

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
    """Return the status that an action leads to.

    Raises: StateConflict with the allowed actions.
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
    """Return the actions that a status allows, in the order of the table, whatever the caller's rights."""
    return tuple(transitions.get(status, {}))


def document_number(prefix: str, day: date, position: int) -> str:
    """Return a document number such as `TR-20261125-0001`; it gets longer after 9999 documents in a day."""
    return f"{series_of(prefix, day)}-{position:04}"


def series_of(prefix: str, day: date) -> str:
    return f"{prefix}-{day:%Y%m%d}"
