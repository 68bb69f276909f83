"""Search in Chinese names without a dictionary: by single characters and pairs of neighbours."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from itertools import pairwise

QUERY_LIMIT = 100
_POINT = "."
# Anything that is neither letter nor digit, save the point in a number: 1.5L is not 15L.
_DROPPED = re.compile(r"(?!(?<=[0-9])\.[0-9])[\W_]")


class InvalidQuery(ValueError):
    pass


@dataclass(frozen=True, slots=True)
class SearchWord:
    """A text has the word if it has all `terms` and, where `recheck`, `text` in its normal form."""

    text: str
    terms: frozenset[str]
    recheck: bool


def normalise(text: str) -> str:
    """Compatible forms, cases and accents made equal; spaces and punctuation dropped.

    Goes character by character, so that a part of a text becomes a part of its normal form; NFKC
    would join characters across the part's edge.
    """
    folded = _decompose(_decompose(text).casefold())
    return _DROPPED.sub("", folded)


def index_terms(text: str) -> frozenset[str]:
    """All single characters and pairs of neighbours, to be indexed."""
    return frozenset(
        run[start : start + length]
        for run in normalise(text).split(_POINT)
        for start in range(len(run))
        for length in (1, 2)
    )


def query_terms(query: str) -> list[SearchWord]:
    """The words of a query, all of which a text must have; none if it is without letter or digit.

    Raises: InvalidQuery beyond 100 characters.
    """
    if len(query) > QUERY_LIMIT:
        raise InvalidQuery(f"A search takes at most {QUERY_LIMIT} characters.")
    words = dict.fromkeys(map(normalise, query.split()))
    return [SearchWord(word, _word_terms(word), len(word) > 2) for word in words if word]


def _word_terms(word: str) -> frozenset[str]:
    """Pairs suffice: they imply their characters. A character on its own stands for itself."""
    return frozenset(
        pair
        for run in word.split(_POINT)
        for pair in ([run] if len(run) < 2 else map("".join, pairwise(run)))
    )


def _decompose(text: str) -> str:
    return "".join(
        character
        for character in unicodedata.normalize("NFKD", text)
        if not unicodedata.combining(character)
    )
