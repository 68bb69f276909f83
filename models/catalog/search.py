"""Search terms and normal forms of text, for Chinese names without a dictionary.

The index holds the *terms* of a product's texts: single characters and pairs of neighbours, and triples of
Latin letters and digits. The pinyin initials are a text like the name, so that "cnn" finds 纯牛奶. The full
pinyin is only compared where the initials match.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from models.catalog.pinyin import split, syllables
from models.text.chinese import simplified

QUERY_LIMIT = 100
_POINT = "."
# Anything but letters and digits, except the decimal point: 1.5L is not 15L.
_DROPPED = re.compile(r"(?!(?<=[0-9])\.[0-9])[\W_]")


class InvalidQuery(ValueError):
    pass


@dataclass(frozen=True, slots=True)
class SearchWord:
    """A word of a query: a product matches if it has all `terms` and, with `recheck`, contains `text`.

    `terms` are in the order of the word. `spelled` is the same word read as pinyin, if that is possible.
    """

    text: str
    terms: tuple[str, ...]
    recheck: bool
    spelled: SearchWord | None = None


@dataclass(frozen=True, slots=True)
class SearchTexts:
    """The texts of a product in normal form; `spelled` is the full pinyin in upper case."""

    name: str
    brand: str = ""
    name_initials: str = ""
    brand_initials: str = ""
    spelled: str = ""

    def __str__(self) -> str:
        """Return one line for each text, as stored; search words contain no line break."""
        lines = (self.name, self.brand, self.name_initials, self.brand_initials, self.spelled)
        return "".join(f"{line}\n" for line in lines if line)


def search_texts(name: str, brand: str = "") -> SearchTexts:
    sounds = [syllables(text) if _is_chinese(text) else [] for text in (name, brand)]
    initials = ["".join(map(_initial, each)) for each in sounds]
    return SearchTexts(
        normalise(name),
        normalise(brand),
        initials[0],
        initials[1],
        spelled=" | ".join(filter(None, map(_spelled, sounds))),
    )


def search_text(*texts: str) -> str:
    """Return the stored text for substring searches: each argument in normal form on its own line."""
    return "".join(f"{normalise(text)}\n" for text in texts if text)


def normalise(text: str) -> str:
    """Return the text with compatible forms, case, accents and traditional characters made equal.

    Spaces and punctuation are dropped. Characters are converted one by one, so that a substring of the text
    is a substring of its normal form; NFKC would join characters across the substring's edge.
    """
    folded = simplified(_decompose(_decompose(text).casefold()))
    return _DROPPED.sub("", folded)


def terms_at(text: str) -> Iterator[tuple[str, int]]:
    """Yield the terms of a text in normal form with their positions."""
    offset = 0
    for run in text.split(_POINT):
        for start in range(len(run)):
            yield run[start], offset + start
            if start + 2 <= len(run):
                yield run[start : start + 2], offset + start
            if _is_latin(run[start : start + 3]):
                yield run[start : start + 3], offset + start
        offset += len(run) + 1


def query_words(query: str) -> list[SearchWord]:
    """Return the words of a query, all of which a product must match; empty without any letter or digit.

    Raises: InvalidQuery beyond 100 characters.
    """
    if len(query) > QUERY_LIMIT:
        raise InvalidQuery(f"A search takes at most {QUERY_LIMIT} characters.")
    return [_word(word) for word in dict.fromkeys(map(normalise, query.split())) if word]


def _word(text: str) -> SearchWord:
    sounds = split(text)
    spelled = None
    if sounds:
        initials = "".join(sound[0] for sound in sounds)
        spelled = SearchWord(" ".join(sounds).upper(), _query_terms(initials), recheck=True)
    terms = _query_terms(text)
    return SearchWord(text, terms, recheck=terms != (text,), spelled=spelled)


def _query_terms(word: str) -> tuple[str, ...]:
    """Return Latin triples and otherwise pairs, which imply their characters, or a single character."""
    found: dict[str, None] = {}
    for run in word.split(_POINT):
        starts = range(max(1, len(run) - 1))
        threes = {start for start in starts if _is_latin(run[start : start + 3])}
        for start in starts:
            if start in threes:
                found[run[start : start + 3]] = None
            elif start - 1 not in threes:
                found[run[start : start + 2]] = None
    return tuple(found)


def _spelled(sounds: list[str]) -> str:
    return " ".join(sound.upper() for sound in sounds if sound.islower())


def _initial(sound: str) -> str:
    return sound[0] if sound.islower() else normalise(sound)


def _is_latin(three: str) -> bool:
    return len(three) == 3 and three.isascii() and three.isalnum()


def _is_chinese(text: str) -> bool:
    return any("\u3400" <= character <= "\U0003134f" for character in text)


def _decompose(text: str) -> str:
    return "".join(
        character
        for character in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(character)
    )
