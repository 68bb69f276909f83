"""An attack and its outcome."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.attacks.sending import Reply, tally
from benchmarks.attacks.target import Target


@dataclass(frozen=True)
class Outcome:
    """The outcome of an attack; `held`: the server behaved as required, apart from other clients' waits."""

    says: str
    received: int
    held: bool


@dataclass(frozen=True)
class Attack:
    """An attack; `run` returns within `seconds`, or its client disconnects."""

    key: str
    title: str
    run: Callable[[Target], Awaitable[Outcome]]
    on: Literal["demo", "filled"] = "demo"
    seconds: float = 20
    variables: Mapping[str, str] = field(default_factory=dict)


def refused(replies: list[Reply]) -> Outcome:
    """Require a client error for each reply: 4xx, or 200 with errors."""
    held = all(400 <= each.status < 500 or b'"errors":' in each.start[:40] for each in replies)
    return Outcome(tally(replies), sum(each.size for each in replies), held)


def answered(replies: list[Reply], most_bytes: int) -> Outcome:
    """Require a response with data or a refusal for each request, and at most this many bytes in total."""
    size = sum(each.size for each in replies)
    held = all(200 <= each.status < 500 for each in replies) and size <= most_bytes
    return Outcome(tally(replies), size, held)
