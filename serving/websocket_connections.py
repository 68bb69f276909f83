"""WebSockets that cost no more than what their clients are answered."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from serving.connection_limits import Timed

GOODBYE_SECONDS = 30.0
# Of frames that are answered by nobody (pings, pongs, parts of messages), in so many seconds.
MOST_FRAMES, FRAME_SECONDS = 1_000, 10.0
# Frames are taken apart at once: of 64 kB of empty ones the process would hear for 50 ms.
SLICE_BYTES = 8 * 1024
log = logging.getLogger(__name__)


class TimedWebSocket(Timed, WebSocketsSansIOProtocol):
    """A WebSocket that counts as the connection it was.

    Its application says goodbye to a client that reads nothing; the connection is dropped if that fails.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._frames = 0
        self._counted_until = 0.0

    @property
    def reader_seconds(self) -> float:
        return self.limits.stall_seconds + GOODBYE_SECONDS

    def connection_lost(self, exc: Exception | None) -> None:
        self.leave()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self.watch_reader()

    def resume_writing(self) -> None:
        super().resume_writing()
        self.leave_reader()

    def data_received(self, data: bytes) -> None:
        for start in range(0, len(data), SLICE_BYTES):
            if not self.transport.is_closing():
                super().data_received(data[start : start + SLICE_BYTES])

    async def receive(self) -> Any:
        """Messages that wait already are no reason to keep everybody else waiting."""
        message = await super().receive()
        await asyncio.sleep(0)
        return message

    def handle_ping(self) -> None:
        super().handle_ping()
        self._count_frame()

    def handle_pong(self, event: Frame) -> None:
        super().handle_pong(event)
        self._count_frame()

    def handle_cont(self, event: Frame) -> None:
        super().handle_cont(event)
        self._count_frame()

    def _count_frame(self) -> None:
        now = self.loop.time()
        if now > self._counted_until:
            self._frames, self._counted_until = 0, now + FRAME_SECONDS
        self._frames += 1
        if self._frames > MOST_FRAMES and not self.transport.is_closing():
            log.info("connection closed: too many frames that are no messages")
            self.conn.fail(CloseCode.POLICY_VIOLATION, "Too many frames")
            self.handle_parser_exception()
