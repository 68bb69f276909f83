"""What a password must be: long, and not made of what everybody tries first.

No rule asks for capitals, digits or signs, and no password expires: such rules make people choose worse ones.
A guesser tries well-known words, runs of the keyboard, repetitions, years and the username first, joined and
with letters replaced by lookalikes. Each such part therefore counts as two characters, however long it is.

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
KNOWN_PART = 2
SIGNS = 3  # of a password that are tried as what separates its parts
SHORTEST_KNOWN = 3
# 1 and ! stand for i as well as for l, so these two count as one letter.
_LOOKALIKES = str.maketrans("013457@$!i", "oleastasll")


def check_password(
    password: str, username: str = "", *, path: tuple[str | int, ...] = ("password",)
) -> str:
    """Return the password as it is hashed. Raises: InvalidInput naming `path`."""
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
    """The same text however a keyboard composes it (Unicode NFKC)."""
    return unicodedata.normalize("NFKC", password[: 4 * MAXIMUM_LENGTH])


def strength(password: str, username: str = "") -> int:
    """The length of a password in which each well-known part counts as `KNOWN_PART` characters.

    The parts are chosen so that the result is the smallest possible. What is repeated counts once, and so
    does a sign that stands between parts.
    """
    plain = _unit(password.lower()[:MAXIMUM_LENGTH])
    words = _words() | _parts_of(username)
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
            if best[start] + KNOWN_PART < best[end] and (
                plain[start:end] in words
                or letters[start:end] in words
                or _is_run(plain[start:end])
            ):
                best[end] = best[start] + KNOWN_PART
    return best[-1]


def _unit(text: str) -> str:
    """What a text repeats, apart from signs: `"ab"` of `"ab-ab.ab"`; the text when it repeats nothing."""
    letters = "".join(filter(str.isalnum, text))
    period = (letters * 2).find(letters, 1)
    return letters[:period] if 0 < period < len(letters) else text


def _is_run(text: str) -> bool:
    """Whether text is one character repeated, a run of the keyboard or the alphabet, or a year."""
    if len(set(text)) == 1 or any(text in run for run in _runs()):
        return True
    return len(text) == 4 and text.isascii() and text.isdigit() and text[:2] in ("19", "20")


def _parts_of(username: str) -> frozenset[str]:
    """The username and its parts, with their signs and without, forwards and backwards.

    A part is what stands between signs, and what is before the @ of a mail address.
    """
    name = username.lower()
    names = {name, name.partition("@")[0], *re.split(r"[\W_]+", name)}
    names |= {"".join(filter(str.isalnum, each)) for each in names}
    return _known(part for each in names for part in (each, each[::-1]))


def _known(words: Iterable[str]) -> frozenset[str]:
    """The words as they are and with lookalikes folded."""
    long = {word for word in words if len(word) >= SHORTEST_KNOWN}
    return frozenset(long | {word.translate(_LOOKALIKES) for word in long})


@cache
def _words() -> frozenset[str]:
    return _known(WORDS.split())


@cache
def _runs() -> tuple[str, ...]:
    return tuple(run for each in RUNS for run in (each * 2, (each * 2)[::-1]))
