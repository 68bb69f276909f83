"""Log-safe descriptions of exceptions: their messages without the values in them."""

from __future__ import annotations

import re
from typing import NamedTuple

from asyncpg.exceptions import IntegrityConstraintViolationError

_DETAILS = re.compile(r"\s*\n.*", re.DOTALL)
_VALUES = re.compile(
    r"""(?<![A-Za-z])'[^']*'|"[^"]*"|(?<==)\S+|(?=[\w+/-]*\d)[\w+/-]{16,}|\d{5,}|[^\x00-\x7f]+"""
)


def message_of(error: BaseException) -> str:
    """Return the message of an exception without the values in it.

    PostgreSQL shows the offending row after the first line. Quoted texts, text after an equals sign, long
    numbers, tokens and non-ASCII text become `…`.
    """
    first_line = _DETAILS.sub("", str(error))
    if isinstance(error, IntegrityConstraintViolationError):
        return first_line  # names the constraint and contains no value
    return _VALUES.sub("…", first_line)


class Cause(NamedTuple):
    """The type of an exception and the file and line that raised it."""

    kind: str
    file: str
    line: int


def cause_of(error: BaseException) -> Cause:
    traceback, file, line = error.__traceback__, "", 0
    while traceback is not None:
        file, line = traceback.tb_frame.f_code.co_filename, traceback.tb_lineno
        traceback = traceback.tb_next
    return Cause(f"{type(error).__module__}.{type(error).__qualname__}", file, line)
