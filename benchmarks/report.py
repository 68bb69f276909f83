"""The results as a Markdown table, with a description of the machine."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import wrk
from benchmarks.floors import Floor
from benchmarks.goals import GOALS, IDLE_MEGABYTES, START_SECONDS
from benchmarks.measure import Figures
from benchmarks.rows import BARE, Row
from benchmarks.statements import Statements

RESULTS = Path(__file__).with_name("RESULTS.md")
NONE = "–"


@dataclass(frozen=True)
class Measured:
    """One row: figures by number of connections, the bare SQL, its statements, and figures without caches."""

    row: Row
    figures: Mapping[int, Figures]
    floor: Floor | None
    statements: Statements | None
    anew: Mapping[int, Figures] | None = None


@dataclass(frozen=True)
class Section:
    """The table of one database."""

    title: str
    started_in_seconds: float
    idle_megabytes: float
    busy_megabytes: float
    measured: Sequence[Measured]


def report(sections: Sequence[Section], repeats: int, seconds: float) -> str:
    today = datetime.now(UTC).date()
    client = "wrk (purchases: our own client)" if wrk.is_installed() else "our own client"
    lines = [
        "# Results",
        "",
        f"{today}, {_machine()}, Python {platform.python_version()}, one server process on one core.",
        f"Driven by {client}. Medians of {repeats}, each about {seconds:g} s long.",
        "`README.md` says how to read them.",
    ]
    for section in sections:
        lines += ["", *_section(section)]
    return "\n".join(lines) + "\n"


def _machine() -> str:
    return f"{os.cpu_count()} cores of {_cpu_model()}"


def _cpu_model() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _section(section: Section) -> list[str]:
    remote = section.title.startswith("PostgreSQL")
    bare = next((each for each in section.measured if each.row.key == BARE), None)
    head = ["row", "request", "server CPU ms", "goal"]
    head += ["database CPU ms", "goal", "statements"] if remote else []
    head += [
        "met",
        "CPU ms, nothing kept",
        "bare SQL, CPU ms",
        "× bare endpoint",
        "p50 ms",
        "p95 ms",
        "per second",
    ]
    return [
        f"## {section.title}",
        "",
        f"Start to first answer: {_against(section.started_in_seconds, START_SECONDS, 's')}.",
        f"Idle memory: {_against(section.idle_megabytes, IDLE_MEGABYTES, 'MB')};",
        f"{section.busy_megabytes:.0f} MB after the run.",
        "",
        _line(head),
        _line(["---", "---", *["---:"] * (len(head) - 2)]),
        *(_line(_cells(each, bare, remote)) for each in section.measured),
    ]


def _against(measured: float, goal: float, unit: str) -> str:
    verdict = "met" if measured <= goal else "missed"
    return f"{measured:.{1 if goal < 10 else 0}f} {unit} (goal {goal:g}, {verdict})"


def _cells(measured: Measured, bare: Measured | None, remote: bool) -> Iterable[str]:
    goal, floor, counted = GOALS.get(measured.row.key), measured.floor, measured.statements
    each = list(measured.figures.values())
    yield from (measured.row.key, measured.row.title)
    yield _slashed(figures.server_cpu_ms for figures in each)
    yield f"{goal.on_postgres if remote else goal.on_sqlite:g}" if goal else NONE
    if remote:
        yield _slashed(figures.database_cpu_ms for figures in each)
        yield f"{goal.postgres:g}" if goal else NONE
        yield f"{counted.statements:g} + {counted.framing:g}" if counted else NONE
    yield _verdict(measured, remote)
    yield _sums(measured.anew, remote) if measured.anew else NONE
    yield _sum(floor, remote) if floor else NONE
    yield f"{each[0].cpu_ms / bare.figures[1].cpu_ms:.1f}" if bare else NONE
    yield _slashed(figures.p50_ms for figures in each)
    yield _slashed(figures.p95_ms for figures in each)
    yield " / ".join(f"{figures.per_second:,.0f}" for figures in each)


def _verdict(measured: Measured, remote: bool) -> str:
    """Return whether all goals of the row are met, with or without caches."""
    if measured.row.key not in GOALS:
        return NONE
    if not _meets(measured, measured.figures, remote):
        return "**no**"
    return "yes" if _meets(measured, measured.anew or {}, remote) else "kept"


def _meets(measured: Measured, figures: Mapping[int, Figures], remote: bool) -> bool:
    goal = GOALS[measured.row.key]
    server = goal.on_postgres if remote else goal.on_sqlite
    met = all(each.server_cpu_ms <= server for each in figures.values())
    if remote:
        met = met and all(each.database_cpu_ms <= goal.postgres for each in figures.values())
    if goal.statements and measured.statements:
        met = met and measured.statements.statements <= goal.statements
    if goal.calls:
        met = met and measured.row.calls <= goal.calls
    return met


def _sums(figures: Mapping[int, Figures], remote: bool) -> str:
    return " / ".join(_sum(each, remote) for each in figures.values())


def _sum(cost: Floor | Figures, remote: bool) -> str:
    """Return the CPU time of the server or driver, and of the database."""
    own = cost.driver_cpu_ms if isinstance(cost, Floor) else cost.server_cpu_ms
    return f"{own:.2f} + {cost.database_cpu_ms:.2f}" if remote else f"{own:.2f}"


def _slashed(numbers: Iterable[float]) -> str:
    return " / ".join(f"{number:.2f}" for number in numbers)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
