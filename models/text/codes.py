"""Codes and numbers as people type them: any case, full width, with blanks.

Two codes may differ by case alone, as MILK-1L and Milk-1L do: what is written exactly so comes first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

LONGEST_TYPED = 128
"""Characters of a code as it is typed, blanks included: no code has more than 64."""


def is_too_long(text: str) -> bool:
    """Whether a text is longer than any code is typed, so that it names nothing."""
    return len(text) > LONGEST_TYPED


def half_width(text: str) -> str:
    """What was typed in half width, without blanks and invisible characters.

    What is too long is cut, before and after: one character may stand for eighteen in half width.
    """
    if is_too_long(text) or (text.isascii() and text.isprintable() and " " not in text):
        return text[: LONGEST_TYPED + 1]
    return "".join(filter(_shows, _in_half_width(text)[: LONGEST_TYPED + 1]))


def folded(text: str) -> str:
    """What codes that differ by case, width or blanks have in common."""
    return half_width(text).lower()


def number_of(text: str) -> str:
    """A number of a document, member or card as it is kept: they are in upper case."""
    return half_width(text).upper()


def chosen(typed: str, found: Iterable[tuple[str, T]]) -> T | None:
    """Of (code, value) pairs the one that is written exactly as typed, else the only one, else none."""
    pairs = list(found)
    if not pairs:
        return None
    written = half_width(typed)
    exact = [value for code, value in pairs if code == written]
    if exact or len(pairs) == 1:
        return exact[0] if exact else pairs[0][1]
    return None


def _in_half_width(text: str) -> str:
    return unicodedata.normalize("NFKC", text)


def _shows(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character) not in ("Cf", "Cc")
