"""What may be written down of an exception: its message without the values in it."""

from __future__ import annotations

import re

from asyncpg.exceptions import IntegrityConstraintViolationError

_DETAILS = re.compile(r"\s*\n.*", re.DOTALL)
_VALUES = re.compile(
    r"""(?<![A-Za-z])'[^']*'|"[^"]*"|(?<==)\S+|(?=[\w+/-]*\d)[\w+/-]{16,}|\d{5,}|[^\x00-\x7f]+"""
)


def message_of(error: BaseException) -> str:
    """The message of an exception without the values in it.

    PostgreSQL shows the row at fault behind the first line. Quoted texts, what follows an equals sign, long
    numbers, tokens and whatever is not ASCII become `…`.
    """
    first_line = _DETAILS.sub("", str(error))
    if isinstance(error, IntegrityConstraintViolationError):
        return first_line  # quotes the name of the constraint, no value
    return _VALUES.sub("…", first_line)
