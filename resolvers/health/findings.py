"""One finding a check: what it looked at, how it stands, and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """`says` is one sentence; `mend` says what to do, and is empty where nothing needs to be done."""

    name: str
    level: Level
    says: str
    mend: str = ""


def ok(name: str, says: str) -> Finding:
    return Finding(name, Level.OK, says)


def warning(name: str, says: str, mend: str) -> Finding:
    return Finding(name, Level.WARNING, says, mend)


def error(name: str, says: str, mend: str) -> Finding:
    return Finding(name, Level.ERROR, says, mend)


def worst(findings: list[Finding]) -> Level:
    order = list(Level)
    return max((each.level for each in findings), key=order.index, default=Level.OK)
