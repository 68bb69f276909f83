"""What a server logs at every level, and the secrets and personal data that went over the wire meanwhile."""

from __future__ import annotations

import io
import json
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import structlog

from gateways.telemetry.log_privacy import OWN, STATEMENTS
from gateways.telemetry.logs import configure_logging
from tests.make.api import Api

# What these fields of requests and answers hold must never be logged.
_HIDDEN = {
    "accessToken", "refreshToken", "token", "password", "phone", "recipient", "street", "remark",
    "secret", "apiKey", "key", "codeUrl", "qrUrl", "carrier", "trackingNumber", "idempotencyKey",
}  # fmt: skip
# A `code` below one of these is a secret, too; elsewhere it is the code of a store or a product.
_CODES = {"pickup", "memberCode", "variables", "input"}


class Wire:
    """The hidden values of every exchange of a client."""

    def __init__(self) -> None:
        self.hidden: set[str] = set()

    async def read(self, response: httpx.Response) -> None:
        sent = response.request.content
        await response.aread()
        for content in (sent, response.content):
            try:
                self._find(json.loads(content), "")
            except ValueError:
                continue
        self.hidden.update(re.findall(r"/(?:sandbox|s|c)/[^/]*/?([\w.~-]{12,})", str(response.url)))

    def _find(self, value: Any, below: str) -> None:
        if isinstance(value, list):
            for each in value:
                self._find(each, below)
        elif isinstance(value, dict):
            for name, each in value.items():
                if isinstance(each, str) and self._is_hidden(name, below):
                    self.hidden.add(each)
                self._find(each, name)

    def _is_hidden(self, name: str, below: str) -> bool:
        return name in _HIDDEN or (name == "code" and below in _CODES)


@contextmanager
def everything_logged(api: Api) -> Iterator[tuple[io.StringIO, Wire]]:
    """Log at debug level, as JSON lines and for the eye at once, into one text; listen to the client."""
    root, text, wire = logging.getLogger(), io.StringIO(), Wire()
    handlers, levels = root.handlers, {name: logging.getLogger(name).level for name in _loggers()}
    added = []
    for form in (False, True):
        configure_logging("debug", json=form)
        (handler,) = root.handlers
        assert isinstance(handler, logging.StreamHandler)
        handler.setStream(text)
        added.append(handler)
    root.handlers = added
    api.client.event_hooks["response"].append(wire.read)
    try:
        yield text, wire
    finally:
        api.client.event_hooks["response"].remove(wire.read)
        root.handlers = handlers
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        structlog.reset_defaults()


def _loggers() -> list[str]:
    return ["", *OWN, STATEMENTS]


def lines_with(text: str, hidden: set[str], most: int = 5) -> list[str]:
    """The first lines that hold one of the hidden values, which stands in front; numbers count as a whole."""
    found = []
    for value in sorted(hidden):
        if len(value) < 4 or value not in text:
            continue
        pattern = rf"(?<![\w.]){value}(?!\w)" if value.isdigit() else re.escape(value)
        if match := re.search(pattern, text):
            begin, end = text.rfind("\n", 0, match.start()) + 1, text.find("\n", match.end())
            found.append(f"{value}: {text[begin:end][:400]}")
    return found[:most]
