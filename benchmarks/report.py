"""The table as Markdown, with the machine it was measured on."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measure import Figures
from benchmarks.rows import BARE, Row

RESULTS = Path(__file__).with_name("RESULTS.md")
_HEAD = ("request", "server", "database", "× bare", "p50", "p95", "per second", "p95", "per second")


@dataclass(frozen=True)
class Measured:
    """One row: its figures by number of connections."""

    row: Row
    figures: Mapping[int, Figures]


@dataclass(frozen=True)
class Section:
    """One database's table."""

    title: str
    started_in_seconds: float
    idle_megabytes: float
    busy_megabytes: float
    measured: Sequence[Measured]


def report(sections: Sequence[Section], repeats: int, seconds: float) -> str:
    python = platform.python_version()
    lines = [
        "# Results",
        "",
        f"{datetime.now(UTC).date()}, {_machine()}, Python {python}, one server process.",
        f"Medians of {repeats}, each about {seconds:g} s long. `README.md` says how to read them.",
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
    bare = next((each for each in section.measured if each.row.key == BARE), None)
    first, *others = section.measured[0].figures
    second = others[0] if others else first
    spans = ["", "CPU ms", "CPU ms", "CPU", *[f"ms at {first}"] * 2, f"at {first}"]
    spans += [f"ms at {second}", f"at {second}"]
    return [
        f"## {section.title}",
        "",
        f"Start to first answer: {section.started_in_seconds:.1f} s. Resident memory:",
        f"{section.idle_megabytes:.0f} MB idle, {section.busy_megabytes:.0f} MB after the run.",
        "",
        _line(f"{name} {unit}".strip() for name, unit in zip(_HEAD, spans, strict=True)),
        _line(["---", *["---:"] * (len(_HEAD) - 1)]),
        *(_line(_cells(each, bare, first, second)) for each in section.measured),
    ]


def _cells(measured: Measured, bare: Measured | None, first: int, second: int) -> list[str]:
    one, many = measured.figures[first], measured.figures[second]
    ratio = _cpu(one) / _cpu(bare.figures[first]) if bare else None
    return [
        measured.row.title,
        _both(one.server_cpu_ms, many.server_cpu_ms),
        _both(one.database_cpu_ms, many.database_cpu_ms),
        f"{ratio:.1f}" if ratio is not None else "–",
        f"{one.p50_ms:.2f}",
        f"{one.p95_ms:.2f}",
        f"{one.per_second:,.0f}",
        f"{many.p95_ms:.2f}",
        f"{many.per_second:,.0f}",
    ]


def _both(one: float, many: float) -> str:
    return f"{one:.2f} / {many:.2f}" if one or many else "–"


def _cpu(figures: Figures) -> float:
    return figures.server_cpu_ms + figures.database_cpu_ms


def _line(cells: object) -> str:
    return f"| {' | '.join(cells)} |"  # type: ignore[arg-type]
