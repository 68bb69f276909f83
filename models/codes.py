"""Codes and numbers as people type them: any case, full width, with blanks.

Two codes may differ by case alone, as MILK-1L and Milk-1L do: what is written exactly so comes first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

LONGEST_TYPED = 256


def half_width(text: str) -> str:
    """What was typed in half width, without blanks and invisible characters."""
    if text.isascii() and text.isprintable() and " " not in text:
        return text
    return "".join(filter(_shows, unicodedata.normalize("NFKC", text[:LONGEST_TYPED])))


def folded(text: str) -> str:
    """What codes that differ by case, width or blanks have in common."""
    return half_width(text).lower()


def number_of(text: str) -> str:
    """A number of a document, member or card as it is kept: they are in upper case."""
    return half_width(text).upper()


def chosen(typed: str, found: Iterable[tuple[str, T]]) -> T | None:
    """Of (code, value) pairs the one that is written exactly as typed, else the only one, else none."""
    pairs = list(found)
    exact = [value for code, value in pairs if code == half_width(typed)]
    if exact or len(pairs) == 1:
        return exact[0] if exact else pairs[0][1]
    return None


def _shows(character: str) -> bool:
    return not character.isspace() and unicodedata.category(character) not in ("Cf", "Cc")
