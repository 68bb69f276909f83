"""Removal of private data from log lines: statement parameters, values in exception messages, secret paths.

Libraries log the data that they process: queries with parameters, frames, URLs with tokens. So only this
project's loggers log below WARNING, and Tortoise's statements are logged without their parameters.
"""

from __future__ import annotations

import copy
import logging
import re
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Any

import structlog

from models.error_text import message_of

OWN = (
    *("cli", "gateways", "models", "quintet", "resolvers", "schema"),
    *("server", "server_process", "serving", "starting", "worker_process"),
)
STATEMENTS = "tortoise.db_client"

_PLAIN_SEGMENT = re.compile(r"/[a-z][a-z._-]{0,19}")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None]


def set_levels(level: str) -> None:
    """Set the level of this project's loggers; all others log from WARNING."""
    wanted = logging.getLevelNamesMapping()[level.upper()]
    logging.getLogger().setLevel(max(wanted, logging.WARNING))
    for name in (*OWN, STATEMENTS):
        logging.getLogger(name).setLevel(wanted)


class WithoutParameters(structlog.stdlib.ProcessorFormatter):
    """Formats Tortoise's log records of statements without their parameters."""

    def format(self, record: logging.LogRecord) -> str:
        if record.name == STATEMENTS and isinstance(record.args, tuple) and record.args:
            statement = record.args[0]
            record = copy.copy(record)  # other handlers receive the original
            record.msg, record.args = "%s", (statement,)
        return super().format(record)


def path_without_secrets(path: str) -> str:
    """Return the first segment of an unmatched path if it is a plain word; the rest may be a token."""
    found = _PLAIN_SEGMENT.match(path)
    if found is None or found.end() not in (len(path), path.find("/", 1)):
        return "/" if path == "/" else "/…"
    return found[0] if found.end() == len(path) else f"{found[0]}/…"


def traceback_of(exc_info: ExcInfo) -> str:
    """Return a traceback whose messages contain no values; the cause comes first, as in Python."""
    return "\n".join(_lines(exc_info[1], set())).rstrip()


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen:
        yield from _lines(cause, seen)
        yield "\nThis led to:\n"
    yield "Traceback (most recent call last):"
    yield "".join(traceback.format_tb(error.__traceback__)).rstrip()
    yield f"{type(error).__module__}.{type(error).__qualname__}: {message_of(error)}"
    for inner in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        if id(inner) not in seen:
            yield from _lines(inner, seen)


def rendered_exception(
    logger: object, method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Convert `exc_info` to the text `exception`; a structlog processor."""
    if (exc_info := _exc_info(event.pop("exc_info", None))) is not None:
        event["exception"] = traceback_of(exc_info)
    return event


def _exc_info(given: Any) -> ExcInfo | None:
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    if isinstance(given, tuple):
        return given if given[1] is not None else None
    if given:
        found = sys.exc_info()
        return found if found[1] is not None else None
    return None
