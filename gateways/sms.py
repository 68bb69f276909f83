"""The built-in text message gateway, which logs messages and appends them to an outbox file."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import orjson
import structlog

from gateways import CodeMessage, GatewayError, InvitationMessage

log = structlog.get_logger(__name__)


class LoggingSms:
    """A gateway that sends nothing. With `outbox` each message is appended to that file as a JSON line.

    With `refuses` and without an outbox it raises an error, so that customers do not wait for a message.
    `log_codes` is for development: production logs contain neither codes nor digits of phones.
    """

    delivers = False

    def __init__(self, outbox: str = "", *, log_codes: bool = False, refuses: bool = False) -> None:
        self._outbox = Path(outbox) if outbox else None
        self._log_codes = log_codes
        self._refuses = refuses and not outbox

    async def send_code(self, message: CodeMessage) -> None:
        """Log the message and append it to the outbox. Raises: GatewayError."""
        at = message.sent_at.isoformat()
        line = {"phone": message.written, "code": message.code, "sentAt": at}
        await self._send(message.phone, {"code": message.code}, line)

    async def send_invitation(self, message: InvitationMessage) -> None:
        """Log the message and append it to the outbox. Raises: GatewayError."""
        content = {"invitation": message.token, "url": message.url}
        at, until = message.sent_at.isoformat(), message.expires_at.isoformat()
        line = {"phone": message.phone, **content, "expiresAt": until, "sentAt": at}
        await self._send(message.phone, content, line)

    async def _send(self, phone: str, content: dict[str, str], line: dict[str, str]) -> None:
        if self._refuses:
            raise GatewayError("no provider of text messages is set up")
        if self._log_codes:
            log.info("text message", to=f"…{phone[-4:]}", **content)
        else:
            log.info("text message")
        if self._outbox:
            await asyncio.to_thread(_append, self._outbox, orjson.dumps(line) + b"\n")


def _append(path: Path, line: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as file:
        file.write(line)
