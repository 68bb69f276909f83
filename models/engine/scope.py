"""The running transaction of the current context."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

from models.engine.transactions import InTransaction


@dataclass(slots=True)
class Scope:
    """The transaction that runs in this context."""

    connection: InTransaction
    after_commit: list[Callable[[], None]] = field(default_factory=list)


running_scope: ContextVar[Scope | None] = ContextVar("transaction", default=None)


def in_transaction_now() -> bool:
    return running_scope.get() is not None
