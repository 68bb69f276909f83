"""The built-in text message gateway: logs, and keeps an outbox file for whoever develops or tests."""

from __future__ import annotations

import asyncio
from pathlib import Path

import orjson
import structlog

from gateways import CodeMessage

log = structlog.get_logger(__name__)


class LoggingSms:
    """Sends nothing. With `outbox` each message is appended to that file as a JSON line."""

    delivers = False

    def __init__(self, outbox: str = "", *, log_codes: bool = False) -> None:
        self._outbox = Path(outbox) if outbox else None
        self._log_codes = log_codes

    async def send_code(self, message: CodeMessage) -> None:
        shown = message.code if self._log_codes else "******"
        log.info("text message", to=f"…{message.phone[-4:]}", code=shown)
        if self._outbox:
            line = {
                "phone": message.written,
                "code": message.code,
                "sentAt": message.sent_at.isoformat(),
            }
            await asyncio.to_thread(_append, self._outbox, orjson.dumps(line) + b"\n")


def _append(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        file.write(line)
