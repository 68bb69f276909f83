"""Rules for passwords: a minimum length and a minimum strength.

No rule asks for capitals, digits or signs, and no password expires: such rules make people choose weaker
passwords. An attacker tries well-known words, keyboard runs, repetitions, years and the username first,
joined together and with letters replaced by lookalikes. Each such segment therefore counts as two
characters, whatever its length.

Source: NIST SP 800-63B-4, section 3.1.1.2 (length, blocklist, no composition rules, no expiry).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from functools import cache

from models.accounts.known_passwords import RUNS, WORDS
from models.errors import InvalidInput

MINIMUM_LENGTH, MAXIMUM_LENGTH = 12, 200
MINIMUM_STRENGTH = 8
KNOWN_SEGMENT = 2
SIGNS = 3  # the most frequent signs, each tried as a separator of segments
SHORTEST_KNOWN = 3
# 1 and ! replace both i and l, so i and l count as one letter.
_LOOKALIKES = str.maketrans("013457@$!i", "oleastasll")


def check_password(
    password: str, username: str = "", *, path: tuple[str | int, ...] = ("password",)
) -> str:
    """Return the password in the form that is hashed. Raises: InvalidInput naming `path`."""
    password = normalised(password)
    if not MINIMUM_LENGTH <= len(password) <= MAXIMUM_LENGTH:
        raise InvalidInput(
            "A password has {minimum} to {maximum} characters.",
            path=path,
            minimum=MINIMUM_LENGTH,
            maximum=MAXIMUM_LENGTH,
        )
    if strength(password, username) < MINIMUM_STRENGTH:
        raise InvalidInput(
            "This password is easily guessed: it consists of well-known words, runs or the username.",
            path=path,
        )
    return password


def normalised(password: str) -> str:
    """Return the password in Unicode NFKC, so that every keyboard composes the same text."""
    return unicodedata.normalize("NFKC", password[: 4 * MAXIMUM_LENGTH])


def strength(password: str, username: str = "") -> int:
    """Return the length of a password in which each well-known segment counts as `KNOWN_SEGMENT`
    characters.

    The segmentation is the one with the smallest result. A repeated unit counts once, and so does a sign
    that separates segments.
    """
    plain = _unit(password.lower()[:MAXIMUM_LENGTH])
    words = _words() | _segments_of(username)
    signs = Counter(each for each in plain if not each.isalnum())
    often = [{sign} for sign, _ in signs.most_common(SIGNS)]
    return min(
        _strength(plain.translate({ord(sign): None for sign in left_out}), words) + len(left_out)
        for left_out in (set(), *often, set(signs))
    )


def _strength(plain: str, words: frozenset[str]) -> int:
    letters = plain.translate(_LOOKALIKES)
    longest = max(map(len, words))
    best = [0] * (len(plain) + 1)
    for end in range(1, len(plain) + 1):
        best[end] = best[end - 1] + 1
        for start in range(max(0, end - longest), end - SHORTEST_KNOWN + 1):
            if best[start] + KNOWN_SEGMENT < best[end] and (
                plain[start:end] in words
                or letters[start:end] in words
                or _is_run(plain[start:end])
            ):
                best[end] = best[start] + KNOWN_SEGMENT
    return best[-1]


def _unit(text: str) -> str:
    """Return the repeated unit of a text without its signs, `"ab"` of `"ab-ab.ab"`, or else the text."""
    letters = "".join(filter(str.isalnum, text))
    period = (letters * 2).find(letters, 1)
    return letters[:period] if 0 < period < len(letters) else text


def _is_run(text: str) -> bool:
    """Return whether the text repeats one character, is a run of the keyboard or alphabet, or is a year."""
    if len(set(text)) == 1 or any(text in run for run in _runs()):
        return True
    return len(text) == 4 and text.isascii() and text.isdigit() and text[:2] in ("19", "20")


def _segments_of(username: str) -> frozenset[str]:
    """Return the username and its segments, with and without signs, forwards and backwards.

    Signs separate segments; the local part of a mail address is one of them.
    """
    name = username.lower()
    names = {name, name.partition("@")[0], *re.split(r"[\W_]+", name)}
    names |= {"".join(filter(str.isalnum, each)) for each in names}
    return _known(word for each in names for word in (each, each[::-1]))


def _known(words: Iterable[str]) -> frozenset[str]:
    """Return the words as they are and with lookalikes folded."""
    long = {word for word in words if len(word) >= SHORTEST_KNOWN}
    return frozenset(long | {word.translate(_LOOKALIKES) for word in long})


@cache
def _words() -> frozenset[str]:
    return _known(WORDS.split())


@cache
def _runs() -> tuple[str, ...]:
    return tuple(run for each in RUNS for run in (each * 2, (each * 2)[::-1]))
