"""Pickup codes: eleven random characters (55 bits) and one check character.

The alphabet leaves out I, L, O and U, which are read as 1, 1, 0 and V. The check character finds
every single mistyped character and every two swapped ones, so that a mistype is told from a guess
before it counts as an attempt.

Source: Crockford's Base32 for the alphabet; the check is a polynomial over GF(32), x⁵ + x² + 1.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 12
RANDOM_BYTES = 7

_DATA_BITS = 5 * (CODE_LENGTH - 1)
_LOOKALIKES = str.maketrans("OILU", "011V", " -")
_MAX_TYPED = 64


class MistypedCode(ValueError):
    """Not a pickup code at all: a slip of the finger or the scanner, not an attempt at guessing."""


def pickup_code(random_bytes: bytes) -> str:
    """The code made of the first `RANDOM_BYTES` of the given random bytes.

    Raises: ValueError when there are fewer.
    """
    if len(random_bytes) < RANDOM_BYTES:
        raise ValueError(f"a pickup code needs {RANDOM_BYTES} random bytes")
    number = int.from_bytes(random_bytes[:RANDOM_BYTES])
    values = [number >> shift & 31 for shift in range(0, _DATA_BITS, 5)]
    return "".join(ALPHABET[value] for value in (*values, _check(values)))


def normalise_pickup_code(text: str) -> str:
    """The code as stored, from what was typed or scanned: any case, spaced, hyphened or full-width.

    Raises: MistypedCode.
    """
    if len(text) > _MAX_TYPED:
        raise MistypedCode("the code is too long")
    code = unicodedata.normalize("NFKC", text).upper().translate(_LOOKALIKES)
    if len(code) != CODE_LENGTH or any(character not in ALPHABET for character in code):
        raise MistypedCode("a pickup code has twelve letters and digits")
    values = [ALPHABET.index(character) for character in code]
    if _check(values[:-1]) != values[-1]:
        raise MistypedCode("the check character does not fit")
    return code


def _check(values: Sequence[int]) -> int:
    """Horner's scheme at the field's generator: every position has a weight of its own."""
    total = 0
    for value in values:
        total = (total ^ value) << 1
        if total & 32:
            total ^= 0b100101
    return total
