"""Reading what WeChat Pay says, once its signature is verified: it is still input.

Fields that nobody reads may hold anything, since WeChat Pay adds some at any time.
"""

from __future__ import annotations

from typing import Any

import orjson

from models.money import MAX_MINOR

REFERENCE_LENGTH, PROVIDER_REFERENCE_LENGTH, PAYER_LENGTH = 32, 64, 128
CURRENCY_LENGTH = 3

Object = dict[str, Any]


class Unreadable(ValueError):
    """Something that is not what WeChat Pay's documentation says; the message names the field."""


def json_object(body: bytes) -> Object:
    """Return the JSON object of a body in UTF-8. Raises: Unreadable."""
    try:
        found = orjson.loads(body)
    except (ValueError, RecursionError) as error:
        raise Unreadable("it is no JSON") from error
    if not isinstance(found, dict):
        raise Unreadable("it is no JSON object")
    return found


def inner(said: Object, name: str) -> Object:
    """Return an object inside an object. Raises: Unreadable."""
    value = said.get(name)
    if not isinstance(value, dict):
        raise Unreadable(f"{name} must be an object")
    return value


def text(said: Object, name: str, longest: int) -> str:
    """Return a text of 1 to `longest` characters. Raises: Unreadable."""
    value = said.get(name)
    if not isinstance(value, str) or not 1 <= len(value) <= longest or not value.isprintable():
        raise Unreadable(f"{name} must be a text of 1 to {longest} characters")
    return value


def optional_text(said: Object, name: str, longest: int) -> str | None:
    """Return a text, or None where there is none or an empty one. Raises: Unreadable."""
    return None if said.get(name) in (None, "") else text(said, name, longest)


def amount(said: Object, name: str) -> int:
    """Return an amount in fen. Raises: Unreadable."""
    value = said.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_MINOR:
        raise Unreadable(f"{name} must be an integer from 0 to {MAX_MINOR}")
    return value
