"""Announcements at the start of a process, on the terminal or as log lines."""

from __future__ import annotations

import sys
from typing import Literal

import structlog

LogFormat = Literal["console", "json"]
log = structlog.get_logger(__name__)


def announce(sentence: str, log_format: LogFormat) -> None:
    if log_format == "json":
        log.info(sentence)
        return
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def warn(sentence: str, log_format: LogFormat) -> None:
    """Print a warning, in red on a terminal."""
    if log_format == "json":
        log.warning(sentence)
        return
    red, plain = ("\033[31m", "\033[0m") if sys.stderr.isatty() else ("", "")
    sys.stderr.write(f"{red}Warning: {sentence}{plain}\n")
    sys.stderr.flush()
