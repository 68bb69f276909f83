"""WebSocket connections with limits on frames, incomplete messages and slow readers."""

from __future__ import annotations

import asyncio
import logging
from asyncio.transports import BaseTransport
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

from serving.body_room import Held, NoRoom
from serving.connection_limits import Timed

GOODBYE_SECONDS = 30.0
# The maximum number of frames without a message (pings, pongs, continuations) in this time.
MOST_FRAMES, FRAME_SECONDS = 1_000, 10.0
# Of an incomplete message: the bytes without a limit, and the least to arrive in every `stall_seconds`.
FREE_BYTES, MIN_BODY_BYTES = 16 * 1024, 4 * 1024
# Data is parsed in slices: 64 kB of empty frames would hold the event loop for 50 ms.
SLICE_BYTES = 8 * 1024
log = logging.getLogger(__name__)


class TimedWebSocket(Timed, WebSocketsSansIOProtocol):
    """A WebSocket that stays counted as its HTTP connection.

    Its application sends a close frame to a client that does not read; the connection is aborted if that
    fails.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._frames = 0
        self._counted_until = 0.0
        self._unfinished: Held | None = None
        self._received = 0
        self._timer: asyncio.TimerHandle | None = None
        self._handshake: asyncio.TimerHandle | None = None

    def connection_made(self, transport: BaseTransport) -> None:
        super().connection_made(transport)
        self._handshake = self.loop.call_later(self.limits.header_seconds, self._look_at_handshake)

    @property
    def reader_seconds(self) -> float:
        return self.limits.stall_seconds + GOODBYE_SECONDS

    def connection_lost(self, exc: Exception | None) -> None:
        self.leave()
        self._has_finished()
        if self._handshake is not None:
            self._handshake.cancel()
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
                if self.conn.handshake_exc is not None and not self.handshake_initiated:
                    self._refuse_handshake()
        self._watch_message(len(data))

    def _refuse_handshake(self) -> None:
        """Send the response of websockets to an unreadable handshake, which uvicorn ignores."""
        log.info("connection refused: its handshake cannot be read")
        answer = b"".join(self.conn.data_to_send())
        self._end_handshake(answer or _answer(b"400 Bad Request"))

    def _look_at_handshake(self) -> None:
        self._handshake = None
        if not self.handshake_complete and not self.transport.is_closing():
            log.info("connection closed: its handshake took too long")
            self._end_handshake(_answer(b"408 Request Timeout"))

    def _end_handshake(self, answer: bytes) -> None:
        self.handshake_complete = self.close_sent = True
        self.queue.put_nowait({"type": "websocket.disconnect", "code": CloseCode.ABNORMAL_CLOSURE})
        self.transport.write(answer)
        self.transport.close()
        self.watch_reader()

    def _watch_message(self, received: int) -> None:
        """Reserve memory for an incomplete message while enough of it arrives."""
        size = len(self.conn.reader.buffer) + sum(map(len, self.frames))
        if size <= FREE_BYTES or self.transport.is_closing():
            self._has_finished()
            return
        self._received += received
        if self._unfinished is None:
            self._unfinished = self.limits.bodies.hold(self._address)
            self._timer = self.loop.call_later(self.limits.stall_seconds, self._look_at_message)
        try:
            self._unfinished.grow(size)
        except NoRoom:
            self._fail(CloseCode.TRY_AGAIN_LATER, "Too many large messages at once")

    @property
    def _address(self) -> str:
        """The client's address, as a trusted proxy reports it."""
        client = self.scope["client"] if self.scope else None
        return client[0] if client else ""

    def _look_at_message(self) -> None:
        if self._received < MIN_BODY_BYTES:
            self._fail(CloseCode.POLICY_VIOLATION, "A message comes too slowly")
            return
        self._received = 0
        self._timer = self.loop.call_later(self.limits.stall_seconds, self._look_at_message)

    def _has_finished(self) -> None:
        if self._unfinished is not None:
            self._unfinished.release()
            self._unfinished = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._received = 0

    def _fail(self, code: CloseCode, reason: str) -> None:
        log.info("connection closed: %s", reason.lower())
        self._has_finished()
        self.frames = []
        self.conn.fail(code, reason)
        self.handle_parser_exception()

    async def receive(self) -> Any:
        """Receive a message and yield to the event loop, also when further messages are queued."""
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
            self._fail(CloseCode.POLICY_VIOLATION, "Too many frames that are no messages")


def _answer(status: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
