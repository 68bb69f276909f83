"""Validation of phone numbers: mobile numbers for text messages, and contact numbers as people write them."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 32
# ITU-T E.164 allows 15 digits; the shortest numbers are service numbers such as 110.
_FEWEST_DIGITS, _MOST_DIGITS = 3, 15
_SEPARATORS = r"[ ().·–-]*"
_ONE = re.compile(
    rf"\+?{_SEPARATORS}(?P<digits>\d(?:{_SEPARATORS}\d)*)\)?"
    r"(?: ?(?:转|轉|分机|分機|内线|內線|ext\.?|x|#|,) ?\d{1,6})?",
    re.IGNORECASE,
)
_BETWEEN_NUMBERS = re.compile(r"\s*[/;、]\s*")
_DECIMAL = re.compile(r"\d\.(?:\d|0+)(?!\S)")  # 13800138000.0, as spreadsheets write a number
# New ranges are in use before libraries know them, so all numbers of this form count as mobile.
_CHINESE_MOBILE = re.compile(r"\+861[3-9]\d{9}")


class InvalidPhone(ValueError):
    pass


class NotMobile(InvalidPhone):
    pass


def mobile_number(text: str) -> str:
    """Return a mobile number in E.164; without a country code it counts as Chinese.

    Raises: InvalidPhone for a wrong length, NotMobile for a number of another type.
    Source: ITU-T E.164, by Google's libphonenumber.
    """
    import phonenumbers  # loads slowly

    try:
        number = phonenumbers.parse(_line(text), "CN")
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise InvalidPhone("This is not a phone number.")
    types = phonenumbers.PhoneNumberType
    written = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    mobile = phonenumbers.number_type(number) in (types.MOBILE, types.FIXED_LINE_OR_MOBILE)
    if number.extension or not (mobile or _CHINESE_MOBILE.fullmatch(written)):
        raise NotMobile("This is not a mobile number.")
    return written


def contact_number(text: str) -> str:
    """Return the normal form of one or more numbers: landlines, service numbers, extensions.

    Raises: InvalidPhone for text that cannot be dialled, such as `1.38E+10`.
    """
    line = _line(text)
    if _DECIMAL.search(line) or not all(map(_is_number, _BETWEEN_NUMBERS.split(line))):
        raise InvalidPhone("This is not a phone number.")
    return line


def _line(text: str) -> str:
    """Return the text in half width with single spaces. Raises: InvalidPhone when it is too long."""
    line = " ".join(unicodedata.normalize("NFKC", text[: 2 * LONGEST]).split())
    if len(line) > LONGEST or len(text) > 2 * LONGEST:
        raise InvalidPhone("This is not a phone number.")
    return line


def _is_number(text: str) -> bool:
    found = _ONE.fullmatch(text)
    if found is None:
        return False
    digits = sum(map(str.isdecimal, found["digits"]))
    return _FEWEST_DIGITS <= digits <= _MOST_DIGITS
