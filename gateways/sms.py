"""The built-in text message gateway: logs, and keeps an outbox file for whoever develops or tests."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

import orjson
import structlog

log = structlog.get_logger(__name__)


class LoggingSms:
    """Sends nothing. With `outbox` each message is appended to that file as a JSON line."""

    def __init__(self, outbox: str = "", *, log_codes: bool = False) -> None:
        self._outbox = Path(outbox) if outbox else None
        self._log_codes = log_codes

    async def send_code(self, phone: str, code: str, sent_at: datetime) -> None:
        shown = code if self._log_codes else "******"
        log.info("text message", phone=f"{phone[:-8]}****{phone[-4:]}", code=shown)
        if self._outbox:
            line = orjson.dumps({"phone": phone, "code": code, "sentAt": sent_at.isoformat()})
            await asyncio.to_thread(_append, self._outbox, line + b"\n")


def _append(path: Path, line: bytes) -> None:
    with path.open("ab") as file:
        file.write(line)
