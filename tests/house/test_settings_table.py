"""The table in docs/settings.md names every setting with its default, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any

import pytest

from settings import PREFIX, Settings
from tests.house.source import ROOT

ROW = re.compile(rf"^\|\s*`({PREFIX}[A-Z0-9_]+)`\s*\|\s*`?(.*?)`?\s*\|", re.MULTILINE)
BOUNDS = re.compile(rf"^\| `({PREFIX}[A-Z0-9_]+)` \|[^|]*\|([^|]*)\|", re.MULTILINE)


def shown(default: object) -> str:
    """A default as the environment would spell it; none is an empty cell."""
    return str(default).lower() if isinstance(default, bool) else str(default)


def disagreements(table: str, settings: Any = Settings) -> Iterator[str]:
    """Where the rows of `table` and the fields of the dataclass `settings` differ."""
    read = {PREFIX + spec.name.upper(): shown(spec.default) for spec in fields(settings)}
    rows = ROW.findall(table)
    written = dict(rows)
    if len(written) < len(rows):
        yield "a setting is written twice"
    yield from (f"{name} is not in the table" for name in sorted(read.keys() - written.keys()))
    yield from (f"{name} is not a setting" for name in sorted(written.keys() - read.keys()))
    for name in sorted(read.keys() & written.keys()):
        if read[name] != written[name]:
            yield f"{name} is {read[name]!r}, not {written[name]!r}"


def test_the_table_says_the_bounds_of_whole_numbers() -> None:
    table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    bounds = {PREFIX + each.name.upper(): each.metadata.get("bounds") for each in fields(Settings)}
    written = {name: cell.strip() for name, cell in BOUNDS.findall(table)}
    assert written == {
        name: f"`{between[0]}`–`{between[1]}`" if between else ""
        for name, between in bounds.items()
    }


def test_the_table_and_the_settings_agree() -> None:
    table = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert list(disagreements(table)) == []


@dataclass(frozen=True)
class Sample:
    port: int = 8000
    embedded_worker: bool = True
    redis_url: str = field(default="", repr=False)


SOUND = [
    "| `QUINTET_PORT` | `8000` | where it listens |",
    "| `QUINTET_EMBEDDED_WORKER` | `true` | whether jobs run inside the server |",
    "| `QUINTET_REDIS_URL` | | shares limits between processes |",
]


def test_a_sound_table_is_left_alone() -> None:
    assert list(disagreements("\n".join(SOUND), Sample)) == []


@pytest.mark.parametrize(
    ("rows", "complaint"),
    [
        (SOUND[1:], "QUINTET_PORT is not in the table"),
        ([*SOUND, "| `QUINTET_HOST` | `::1` | |"], "QUINTET_HOST is not a setting"),
        ([*SOUND, SOUND[0]], "a setting is written twice"),
        ([SOUND[0].replace("8000", "80"), *SOUND[1:]], "QUINTET_PORT is '8000', not '80'"),
    ],
)
def test_a_disagreement_is_found(rows: list[str], complaint: str) -> None:
    assert list(disagreements("\n".join(rows), Sample)) == [complaint]
