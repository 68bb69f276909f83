"""The numbers that identify members, distinguishable from each other and from payment codes.

    member number   M, ten digits, check digit     M00000000422
    card            90 (virtual) or 91 (physical), thirteen digits, check digit: 16 in all
    member code     88 and sixteen random digits: 18 in all

WeChat's payment codes start with 10 to 15, Alipay's with 25 to 30.

Source: ISO/IEC 7812-1, annex B, for the check digit (Luhn).
"""

from __future__ import annotations

MEMBER_NUMBER_PREFIX = "M"
VIRTUAL_CARD_PREFIX = "90"
PHYSICAL_CARD_PREFIX = "91"
MEMBER_CODE_PREFIX = "88"

CARD_LENGTH = 16
MEMBER_CODE_LENGTH = 18
MEMBER_CODE_RANDOM_BYTES = 16

_MEMBER_DIGITS = 10


def member_number(sequence: int) -> str:
    """Return the member number of a sequence. Raises: ValueError when the sequence is too large."""
    return MEMBER_NUMBER_PREFIX + _with_check_digit(_padded(sequence, _MEMBER_DIGITS))


def card_number(prefix: str, sequence: int) -> str:
    """Return a card number.

    Raises: ValueError when the prefix is not two digits or the sequence is too large.
    """
    if len(prefix) != 2 or not _is_digits(prefix):
        raise ValueError("a card prefix is two digits")
    return _with_check_digit(prefix + _padded(sequence, CARD_LENGTH - len(prefix) - 1))


def is_valid_card_number(text: str) -> bool:
    return len(text) == CARD_LENGTH and _is_digits(text) and text == _with_check_digit(text[:-1])


def member_code(random_bytes: bytes) -> str:
    """Return a member code from at least `MEMBER_CODE_RANDOM_BYTES` random bytes.

    With 128 bits over 10¹⁶ codes no code is more likely than another by more than 1 in 10²².

    Raises: ValueError when there are fewer bytes.
    """
    if len(random_bytes) < MEMBER_CODE_RANDOM_BYTES:
        raise ValueError(f"a member code needs {MEMBER_CODE_RANDOM_BYTES} random bytes")
    digits = MEMBER_CODE_LENGTH - len(MEMBER_CODE_PREFIX)
    return MEMBER_CODE_PREFIX + _padded(int.from_bytes(random_bytes) % 10**digits, digits)


def is_member_code(text: str) -> bool:
    return (
        len(text) == MEMBER_CODE_LENGTH and _is_digits(text) and text.startswith(MEMBER_CODE_PREFIX)
    )


def _is_digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _padded(number: int, digits: int) -> str:
    if not 0 <= number < 10**digits:
        raise ValueError(f"the number does not fit into {digits} digits")
    return f"{number:0{digits}d}"


def _with_check_digit(digits: str) -> str:
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[::-2])
    plain = (int(digit) for digit in digits[-2::-2])
    return f"{digits}{-(sum(doubled) + sum(plain)) % 10}"
