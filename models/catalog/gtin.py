"""Barcodes: Global Trade Item Numbers of 8, 12, 13 or 14 digits."""

from __future__ import annotations

import unicodedata

_LENGTHS = (8, 12, 13, 14)
_LONGEST_INPUT = 40  # fourteen digits with separators are shorter


class InvalidGtin(ValueError):
    pass


def normalise_gtin(text: str) -> str:
    """Return the digits of a barcode, without spaces and hyphens.

    Raises: InvalidGtin.
    Source: GS1 General Specifications, section 7.9 (check digit).
    """
    if len(text) > _LONGEST_INPUT:
        raise InvalidGtin("The barcode is too long.")
    digits = unicodedata.normalize("NFKC", text).translate({ord(" "): None, ord("-"): None}).strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) in _LENGTHS):
        raise InvalidGtin("The barcode must have 8, 12, 13 or 14 digits.")
    if not digits.strip("0"):
        raise InvalidGtin("The barcode must not be all zeros.")
    if check_digit(digits[:-1]) != digits[-1]:
        raise InvalidGtin("The last digit of the barcode does not fit the others.")
    return digits


def gtin_key(gtin: str) -> str:
    """Return the GTIN in fourteen digits, equal for all forms of one GTIN, such as UPC-A and EAN-13.

    Raises: InvalidGtin.
    """
    return normalise_gtin(gtin).zfill(14)


def check_digit(digits: str) -> str:
    """Return the digit that makes the weighted sum (3, 1, 3, … from the right) a multiple of ten."""
    total = sum(
        int(digit) * (3, 1)[position % 2] for position, digit in enumerate(reversed(digits))
    )
    return str(-total % 10)
