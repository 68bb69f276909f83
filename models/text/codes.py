"""Codes and numbers as people type them: in any case, full width, with spaces.

Two codes may differ by case alone, such as MILK-1L and Milk-1L: an exact match precedes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")

LONGEST_TYPED = 128
"""The maximum length of a typed code with spaces; codes have at most 64 characters."""


def is_too_long(text: str) -> bool:
    """Return whether a text is too long to be a code."""
    return len(text) > LONGEST_TYPED


def half_width(text: str) -> str:
    """Return the text in half width, without spaces and invisible characters.

    Long text is cut before and after, because one character may become eighteen in half width.
    """
    if is_too_long(text) or (text.isascii() and text.isprintable() and " " not in text):
        return text[: LONGEST_TYPED + 1]
    return "".join(filter(_shows, _in_half_width(text)[: LONGEST_TYPED + 1]))


def folded(text: str) -> str:
    """Return the common form of codes that differ by case, width or spaces."""
    return half_width(text).lower()


def number_of(text: str) -> str:
    """Return the stored form of a document, member or card number, which is in upper case."""
    return half_width(text).upper()


def chosen(typed: str, found: Iterable[tuple[str, T]]) -> T | None:
    """Return the value of the code that matches exactly, or of the only code, or None."""
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
