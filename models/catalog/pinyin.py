"""Pinyin: the syllables of Chinese text, and the syllables in text typed on a Latin keyboard."""

from __future__ import annotations

import asyncio
import re
import unicodedata
from functools import lru_cache

_LONGEST = 40
_LATIN = "\0"  # prefix of text that is not Chinese
_SYLLABLE = re.compile(
    r"(?:zh|ch|sh|[bpmfdtnlgkhjqxzcsryw])(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan"
    r"|ai|an|ao|ei|en|ia|ie|in|iu|ou|ua|ue|ui|un|uo|ve|a|e|i|o|u|v)"
    r"|ang|ai|an|ao|ei|en|eng|er|ou|a|e|o"
)
_BEGINNING = re.compile(r"(?:zh|ch|sh|[bpmfdtnlgkhjqxzcsryw])[iu]?|[aeo]")


def syllables(text: str) -> list[str]:
    """Return the syllable of each Chinese character, `["chun", "niu", "nai"]`, and other text in upper
    case.

    The library takes 57 MB and a sixth of a second to load, so only code that writes an index loads it.
    """
    from pypinyin import lazy_pinyin

    texts = lazy_pinyin(unicodedata.normalize("NFKC", text), errors=lambda other: _LATIN + other)
    return [each.removeprefix(_LATIN).upper() if each[0] == _LATIN else each for each in texts]


async def load_sounds() -> None:
    """Load the library in a thread, so that the event loop is not blocked."""
    await asyncio.to_thread(syllables, "音")


def split(word: str) -> list[str] | None:
    """Return the syllables that a word spells, at least two, or None.

    The last syllable may be incomplete.
    """
    if not 3 <= len(word) <= _LONGEST or not (word.isascii() and word.isalpha()):
        return None
    found = _split(word)
    return list(found) if found and len(found) > 1 else None


@lru_cache(maxsize=4096)
def _split(word: str) -> tuple[str, ...] | None:
    """Split off the longest first syllable whose remainder can be split too."""
    if not word:
        return ()
    for length in range(min(6, len(word)), 0, -1):
        if _SYLLABLE.fullmatch(word, 0, length):
            rest = _split(word[length:])
            if rest is not None:
                return (word[:length], *rest)
    return (word,) if _BEGINNING.fullmatch(word) else None
