"""Checks that many inputs share. Each names the field at fault."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from models.errors import InvalidInput
from models.text.phone_numbers import InvalidPhone, contact_number, mobile_number

CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]{0,63}")
INT32_MAX = 2**31 - 1
# What a terminal, a label or a line of a log would act on: C0 and C1 but tab and newline, and marks that turn
# the direction of text.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_LINE_ENDS = re.compile(r"[\n\u2028\u2029]")
MAXIMUM_ROWS = 500
LONGEST_TEXT = 32 * 1024
DEEPEST_JSON = 32
"""Characters of any text that anybody sends: as many as a document has. Most fields take fewer."""


def storable(value: Any) -> bool:
    """Whether no text in a value as JSON has it holds U+0000, which PostgreSQL keeps in no text."""
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, dict):
        return all(storable(key) and storable(each) for key, each in value.items())
    return not isinstance(value, list) or all(map(storable, value))


def is_overlong(value: Any) -> bool:
    """Whether a text in a value as JSON has it is longer than any that is taken."""
    if isinstance(value, str):
        return len(value) > LONGEST_TEXT
    if isinstance(value, dict):
        return any(is_overlong(key) or is_overlong(each) for key, each in value.items())
    return isinstance(value, list) and any(map(is_overlong, value))


def code_of(text: str, *path: str | int) -> str:
    """An external code such as a SKU or a store's: printable ASCII without spaces, 64 at most."""
    if not CODE.fullmatch(text):
        raise InvalidInput(
            "A code has 1 to 64 letters, digits and . _ / - and starts with a letter or digit.",
            path=path,
        )
    return text


def text_of(text: str, name: str | tuple[str | int, ...], maximum: int, minimum: int = 1) -> str:
    """Text of a bounded length without control characters, stripped; where it must have some, they show."""
    path = (name,) if isinstance(name, str) else name
    stripped = text.strip()
    seen = not minimum or any(map(str.isprintable, stripped.replace(" ", "")))
    if not (seen and minimum <= len(stripped) <= maximum):
        raise InvalidInput(
            "This has {minimum} to {maximum} characters.",
            path=path,
            minimum=minimum,
            maximum=maximum,
        )
    if _CONTROLS.search(stripped):
        raise InvalidInput("This contains control characters.", path=path)
    return stripped


def line_of(text: str, name: str | tuple[str | int, ...], maximum: int, minimum: int = 1) -> str:
    """The same on one line, such as a name."""
    line = text_of(text, name, maximum, minimum)
    if _LINE_ENDS.search(line):
        path = (name,) if isinstance(name, str) else name
        raise InvalidInput("This is more than one line.", path=path)
    return line


def quantity_of(quantity: int, *path: str | int, minimum: int = 1) -> int:
    if not minimum <= quantity <= 1_000_000:
        raise InvalidInput(
            "A quantity lies between {minimum} and 1000000.", path=path, minimum=minimum
        )
    return quantity


def rows_of(rows: Sequence[object], name: str, maximum: int = MAXIMUM_ROWS) -> None:
    """A batch has at least one row and at most `maximum`."""
    if not 1 <= len(rows) <= maximum:
        raise InvalidInput("Give 1 to {maximum} rows.", path=(name,), maximum=maximum)


def phone_of(text: str, *path: str | int) -> str:
    """A mobile number in E.164, as members have. Raises: InvalidInput."""
    try:
        return mobile_number(text)
    except InvalidPhone as fault:
        raise InvalidInput(str(fault), path=path) from None


def contact_phone_of(text: str, name: str | tuple[str | int, ...]) -> str:
    """A number to call, of a store or a recipient, as people write it. Raises: InvalidInput."""
    try:
        return contact_number(text)
    except InvalidPhone as fault:
        raise InvalidInput(str(fault), path=(name,) if isinstance(name, str) else name) from None


def is_deep(value: object) -> bool:
    """Whether lists and objects stand in each other further than `DEEPEST_JSON`."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST_JSON):
        inside = (each.values() if isinstance(each, dict) else each for each in level)
        level = [each for one in inside for each in one if isinstance(each, dict | list)]
        if not level:
            return False
    return True
