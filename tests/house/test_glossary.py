"""`docs/glossary.md` gives each term once, and says truly where it lives."""

from __future__ import annotations

import re
from collections import Counter

from tests.house.source import ROOT

ROW = re.compile(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
PAGE = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
TERMS = [row for row in ROW.findall(PAGE) if row[0] not in ("term", "---")]


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
