"""Pickup codes: eleven random characters (55 bits) and one check character.

The alphabet omits I, L, O and U, which are read as 1, 1, 0 and V. The check character detects every single
mistyped character and every swap of two, so that a typing error does not count as an attempt to guess.

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
    """Not a pickup code: a typing or scanning error, which does not count as an attempt to guess."""


def pickup_code(random_bytes: bytes) -> str:
    """Return the code made of the first `RANDOM_BYTES` random bytes.

    Raises: ValueError when there are fewer.
    """
    if len(random_bytes) < RANDOM_BYTES:
        raise ValueError(f"a pickup code needs {RANDOM_BYTES} random bytes")
    number = int.from_bytes(random_bytes[:RANDOM_BYTES])
    values = [number >> shift & 31 for shift in range(0, _DATA_BITS, 5)]
    return "".join(ALPHABET[value] for value in (*values, _check(values)))


def normalise_pickup_code(text: str) -> str:
    """Return the stored form of a typed or scanned code: any case, spaced, hyphenated or full-width.

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
    """Return the check value by Horner's scheme, which gives every position its own weight."""
    total = 0
    for value in values:
        total = (total ^ value) << 1
        if total & 32:
            total ^= 0b100101
    return total
