"""`docs/glossary.md` defines each term once and names its file; names in stock avoid its retired words."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.house.source import ROOT

ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS = [row for row in ROW.findall(PAGE) if row[0] not in ("term", "---")]

RETIRED = re.compile(r"^\| ([a-z, ]+) \| [^|]+ \|$", re.MULTILINE)
WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
# Words of columns and enum values that are in databases.
STORED = {"going_on", "TAKEN", "GONE"}
FORMS = {
    "take": ("takes", "taken", "took"),
    "go": ("goes", "going", "gone", "went"),
    "part": ("parts",),
    "told": ("tell", "tells"),
    "standing": ("stand", "stands", "stood"),
    "lapse": ("lapsed", "lapses"),
}


def retired_words() -> set[str]:
    rows = RETIRED.findall(PAGE.split("## Retired words")[1])
    words = {word.strip() for row in rows if row != "word" for word in row.split(",")}
    return words | {f"{word}s" for word in words} | {f for w in words for f in FORMS.get(w, ())}


def names_in(source: str) -> Iterator[str]:
    """Names that code defines: functions, classes, arguments, variables and fields."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id


def retired_in(source: str, words: set[str]) -> set[str]:
    return {
        name
        for name in names_in(source)
        if name not in STORED and {each.lower() for each in WORD.findall(name)} & words
    }


def test_each_term_is_given_once_in_both_languages() -> None:
    assert len(TERMS) > 30
    for column in (0, 1):
        counted = Counter(row[column].strip() for row in TERMS)
        assert [term for term, count in counted.items() if count > 1] == []
        assert all(counted)


def test_every_file_that_it_names_is_there() -> None:
    named = re.findall(r"`([\w/]+\.py)`", PAGE)
    assert len(named) > 30
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_class_that_it_names_is_in_its_file() -> None:
    named = [
        (name, path)
        for _, _, meaning, place in TERMS
        for name in re.findall(r"`([A-Z][a-z]+[A-Z]\w+)`", meaning)
        for path in re.findall(r"`([\w/]+\.py)`", place)
    ]
    assert ("BackorderAllocation", "models/stock/backorders.py") in named
    for name, path in named:
        assert re.search(rf"^(class )?{name}\b", (ROOT / path).read_text("utf-8"), re.MULTILINE), (
            name
        )


@pytest.mark.parametrize("folder", ["models/stock", "resolvers/stock"])
def test_no_name_in_stock_has_a_retired_word(folder: str) -> None:
    words = retired_words()
    assert {"place", "pieces", "taken", "twin", "lapse"} <= words
    files = sorted((ROOT / folder).rglob("*.py"))
    assert len(files) > 20
    found = {
        str(path.relative_to(ROOT)): names
        for path in files
        if (
            names := retired_in(path.read_text("utf-8"), words)
            | retired_in(f"{path.stem} = 0", words)
        )
    }
    assert found == {}


def test_a_retired_word_is_found_in_any_name() -> None:
    words = {"place", "places", "take", "pieces"}
    source = "class PlaceOf: ...\ndef take_out(pieces, key): places = 1\nasync def placing(replaced): ..."
    assert retired_in(source, words) == {"PlaceOf", "take_out", "pieces", "places"}
    assert retired_in("class Row:\n    going_on = 1", {"going"}) == set()
