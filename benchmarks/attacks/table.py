"""The results of the attacks, as JSON and as a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

KEPT = Path(__file__).parent / "results"
TABLE = Path(__file__).parents[1] / "ATTACKS.md"
LIVE_MS = 100
HEAD = """# Attacks

Written by `make attacks` (`python -m benchmarks.attacks --write NAME`); each attack has a server of its
own, started as a user starts it. "Waits" are the longest that a client which does nothing wrong waited
meanwhile: for `/health/live`, and for an ordinary list of products, each asked every 20 ms. CPU is the
server's and its database's. `held` says that the server did what it must and `/health/live` never took
longer than 100 ms. The attacker shares the machine's processors with the server: `bare` says how long
others wait while as many clients ask for nothing but `/health/live`.
"""


@dataclass(frozen=True)
class Result:
    key: str
    title: str
    engine: str
    answer: str
    received: int
    seconds: float
    cpu_seconds: float
    peak_megabytes: float
    log_bytes: int
    live_ms: float
    query_ms: float
    held: bool


def keep(name: str, results: Sequence[Result]) -> None:
    """Store results under this name; each replaces the earlier one of the same attack."""
    kept = {(each.key, each.engine): each for each in read(name)}
    kept |= {(each.key, each.engine): each for each in results}
    KEPT.mkdir(exist_ok=True)
    rows = [asdict(each) for each in kept.values()]
    text = json.dumps(rows, indent=1, ensure_ascii=False)
    (KEPT / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def read(name: str) -> list[Result]:
    path = KEPT / f"{name}.json"
    if not path.exists():
        return []
    return [Result(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


def write_tables(order: Sequence[str]) -> None:
    """Write a table for each stored name and engine, with the attacks in this order."""
    sections = [HEAD]
    for name in ("before", "after"):
        results = sorted(read(name), key=lambda each: order.index(each.key))
        for engine in sorted({each.engine for each in results}):
            chosen = [each for each in results if each.engine == engine]
            sections.append(f"## {name.title()}: {engine}\n\n{table(chosen)}\n")
    TABLE.write_text("\n".join(sections), encoding="utf-8")


def table(results: Sequence[Result]) -> str:
    head = [
        "| attack | answer | received | CPU | memory | log | waits: live, query | held |",
        "|---|---|--:|--:|--:|--:|--:|---|",
    ]
    return "\n".join([*head, *map(_row, results)])


def _row(result: Result) -> str:
    cells = [
        f"{result.title} (`{result.key}`)",
        result.answer.replace("|", "/").replace("\n", " "),
        size(result.received),
        f"{result.cpu_seconds:.1f} s",
        f"{result.peak_megabytes:.0f} MB",
        size(result.log_bytes),
        f"{result.live_ms:.0f}, {result.query_ms:.0f} ms",
        "yes" if result.held else "**no**",
    ]
    return "| " + " | ".join(cells) + " |"


def size(count: int) -> str:
    if count < 1_000:
        return f"{count} B"
    return f"{count / 1e3:.1f} kB" if count < 1_000_000 else f"{count / 1e6:.1f} MB"
