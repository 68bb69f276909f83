"""Structured log lines, one for each request, correlated by request IDs."""

from __future__ import annotations

import logging
import os
import re
import sys
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, MutableMapping
from typing import Any, Literal

import orjson
import structlog

from gateways.telemetry.log_privacy import (
    WithoutParameters,
    path_without_secrets,
    rendered_exception,
    set_levels,
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LogLevel = Literal["debug", "info", "warning", "error"]

REQUEST_ID_HEADER = b"x-request-id"
# The IDs that a proxy may choose; other text could forge lines or fill the log.
SANE_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")

LONG_NUMBER = re.compile(r"\d{5,}")  # such as a phone number in an operation name
SECRETS = frozenset(
    {"authorization", "password", "secret", "token", "access_token", "refresh_token", "body"}
)

log = structlog.get_logger(__name__)


def configure_logging(level: LogLevel = "info", *, json: bool = False) -> None:
    """Render log lines of this project and of libraries alike, as JSON or for the terminal.

    Start uvicorn with `log_config=None, access_log=False`, or it configures its own logging. No line
    contains a phone, code, token, password, name or address: see `gateways.telemetry.log_privacy`.
    """
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # A call below the level does nothing.
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    # No line shows its thread or process, and looking them up takes a fifth of the time of logging.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    remove_meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler = logging.StreamHandler()
    handler.setFormatter(
        WithoutParameters(
            foreign_pre_chain=shared,
            processors=[remove_meta, rendered_exception, *_renderers(json)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    set_levels(level)
    # It logs a traceback for each reconnection attempt; requests already report the outage once.
    logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)


def _renderers(json: bool) -> list[structlog.typing.Processor]:
    if json:
        return [structlog.processors.JSONRenderer(_dumps)]
    # Colours are for terminals only.
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]


def _dumps(event: object, **_: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def redact(
    logger: object, method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Replace values under names of secrets, as a last line of defence."""
    for name in SECRETS & event.keys():
        event[name] = "[redacted]"
    return event


class RequestIdMiddleware:
    """Gives every request and WebSocket an ID, returns it in X-Request-ID, and logs one line for each.

    The ID is in `scope["state"]["request_id"]` and in every line logged meanwhile. Wrap the whole
    application in this middleware, so that its error responses have the header too. Only the template of
    the path is logged, because a path may be a secret link. Requests for `quiet_paths` are logged at debug
    level.
    """

    def __init__(self, app: App, quiet_paths: Collection[str] = ()) -> None:
        self.app = app
        self.quiet_paths = frozenset(quiet_paths)
        self._log = log.bind()  # bound once: binding takes longer than a suppressed log call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        request_id = request_id_of(scope.get("headers", ()))
        scope.setdefault("state", {})["request_id"] = request_id
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            kind = message["type"]
            if kind == "http.response.start" or kind == "websocket.accept":
                status = message.get("status")
                name_and_value = (REQUEST_ID_HEADER, request_id.encode())
                message["headers"] = [*message.get("headers", ()), name_and_value]
            elif kind == "websocket.close":
                status = message.get("code", 1000)
            await send(message)

        started = time.perf_counter()
        bound = structlog.contextvars.bind_contextvars(request_id=request_id)
        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            status = status or 500
            raise
        finally:
            self._log_end(scope, status, time.perf_counter() - started)
            structlog.contextvars.reset_contextvars(**bound)

    def _log_end(self, scope: Scope, status: int | None, seconds: float) -> None:
        path = path_template(scope) or path_without_secrets(scope["path"])
        level = logging.DEBUG if path in self.quiet_paths else logging.INFO
        if not self._log.is_enabled_for(level):
            return
        operation = scope["state"].get("operation_name")
        self._log.log(
            level,
            "request" if scope["type"] == "http" else "websocket closed",
            method=scope.get("method", "WEBSOCKET"),
            path=path,
            status=status,
            duration_ms=round(seconds * 1000, 1),
            **({"operation": LONG_NUMBER.sub("…", operation)} if operation else {}),
        )


def request_id_of(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return the caller's request ID if it is well-formed, otherwise a new one."""
    for name, value in headers:
        if name == REQUEST_ID_HEADER and SANE_REQUEST_ID.fullmatch(value):
            return value.decode()
    return os.urandom(16).hex()


def path_template(scope: Scope) -> str | None:
    """Return the matched route's path, such as `/webhooks/{provider}`; None without a match."""
    template = getattr(scope.get("route"), "path", None)
    return template if isinstance(template, str) else None
