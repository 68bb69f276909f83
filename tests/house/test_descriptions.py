"""Everything that the schema offers is described, once, and every sentence describes something."""

from __future__ import annotations

from collections import Counter

from schema import schema
from schema.describing.describing import elements, sentences

KNOWN = list(elements(schema._schema))
SENTENCES = list(sentences())


def test_everything_is_described() -> None:
    assert [names[0] for names, element in KNOWN if not element.description] == []


def test_every_sentence_describes_something() -> None:
    describable = {name for names, _ in KNOWN for name in names}
    assert [name for name, _ in SENTENCES if name not in describable] == []


def test_nothing_is_described_twice() -> None:
    assert [
        name for name, count in Counter(name for name, _ in SENTENCES).items() if count > 1
    ] == []
    said = dict(SENTENCES)
    assert [
        names[0]
        for names, element in KNOWN
        if names[0] in said and element.description != said[names[0]]
    ] == []


def test_a_sentence_begins_and_ends_as_one() -> None:
    assert [
        name for name, text in SENTENCES if not text or text[0].islower() or text[-1] != "."
    ] == []


def test_what_is_optional_has_no_null_as_its_default() -> None:
    assert "= null" not in schema.as_str()
