"""What an attack is, and what came of one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from benchmarks.attacks.sending import Reply, tally
from benchmarks.attacks.target import Target


@dataclass(frozen=True)
class Outcome:
    """`held`: the server did what it must, apart from how long others waited."""

    says: str
    received: int
    held: bool


@dataclass(frozen=True)
class Attack:
    """`run` returns within `seconds`, or its client hangs up."""

    key: str
    title: str
    run: Callable[[Target], Awaitable[Outcome]]
    on: Literal["demo", "filled"] = "demo"
    seconds: float = 20
    variables: Mapping[str, str] = field(default_factory=dict)


def refused(replies: list[Reply]) -> Outcome:
    """Each must be answered, by a refusal of the client's doing: 4xx, or 200 with errors."""
    held = all(400 <= each.status < 500 or b'"errors":' in each.start[:40] for each in replies)
    return Outcome(tally(replies), sum(each.size for each in replies), held)


def answered(replies: list[Reply], most_bytes: int) -> Outcome:
    """Each must be answered, with data or a refusal, and all together with so many bytes at most."""
    size = sum(each.size for each in replies)
    held = all(200 <= each.status < 500 for each in replies) and size <= most_bytes
    return Outcome(tally(replies), size, held)
