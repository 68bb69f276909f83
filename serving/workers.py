"""Several server processes on one address: started together, replaced when one dies, stopped together."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType

from serving.stopping import SIGNALS

# A process that ended sooner has a fault that the next one will share, so wait before starting it.
SHORT_LIFE_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 30.0
KILL_SECONDS = 5.0
# Exit codes of a process that was stopped, also before it reported its start.
STOPPED = frozenset({0} | {-number for number in SIGNALS} | {128 + number for number in SIGNALS})
log = logging.getLogger(__name__)

# Serves on these sockets and calls back once it does; runs in its own process.
Serve = Callable[[Sequence[socket.socket], Callable[[], None]], int]
_spawn = multiprocessing.get_context("spawn")


class _Child:
    """One server process."""

    def __init__(self, serve: Serve, sockets: Sequence[socket.socket]) -> None:
        self.receiver, sender = _spawn.Pipe(duplex=False)
        self.process: SpawnProcess = _spawn.Process(
            target=_run, args=(serve, list(sockets), sender)
        )
        self.started = False
        self.born = time.monotonic()
        with _held(signal.SIGINT):  # a terminal signals all processes, but only the parent decides
            self.process.start()
        sender.close()

    def listen(self) -> None:
        """Record whether the process has reported that it serves."""
        if not self.started and self.receiver.poll():
            try:
                self.started = bool(self.receiver.recv())
            except EOFError:
                self.started = False

    def terminate(self, by: int = signal.SIGTERM) -> None:
        if self.process.pid is not None and self.process.exitcode is None:
            os.kill(self.process.pid, by)


class Workers:
    """Runs the server processes; `announce` is called once, when the first of them serves."""

    def __init__(
        self,
        count: int,
        serve: Serve,
        sockets: Sequence[socket.socket],
        *,
        patience_seconds: float,
        announce: Callable[[], None],
    ) -> None:
        self._count = count
        self._serve = serve
        self._sockets = sockets
        self._patience = patience_seconds
        self._announce = announce
        self._children: list[_Child] = []
        self._announced = False
        self._stops_at: float | None = None
        self._pause = 0.0
        self._exit_code = 0

    def run(self) -> int:
        """Run until all processes have ended; return 0 if each ended as requested, else an error code."""
        for number in SIGNALS:
            signal.signal(number, self._receive)
        for _ in range(self._count):
            self._start()
        while self._children:
            self._look(wait(self._awaited(), timeout=0.5))
            if self._stops_at is not None and time.monotonic() > self._stops_at + KILL_SECONDS:
                self._signal_all(signal.SIGKILL)
        return self._exit_code

    def _awaited(self) -> list[Connection | int]:
        sentinels: list[Connection | int] = [each.process.sentinel for each in self._children]
        return sentinels + [each.receiver for each in self._children if not each.started]

    def _look(self, ready: Sequence[object]) -> None:
        for child in list(self._children):
            child.listen()
            if child.started and not self._announced:
                self._announced = True
                self._announce()
            if child.process.sentinel in ready:
                child.process.join()
                self._children.remove(child)
                self._ended(child)

    def _ended(self, child: _Child) -> None:
        code = child.process.exitcode
        if self._stops_at is not None:
            self._exit_code = self._exit_code or (0 if code in STOPPED else 1)
        elif not child.started and not self._announced:
            # The first processes could not start, so their replacements could not either.
            self._exit_code = code if code and code > 0 else 1
            self._stop()
        else:
            log.error("server process %s ended (%s): another is started", child.process.pid, code)
            lived = time.monotonic() - child.born
            doubled = min(LONGEST_PAUSE_SECONDS, self._pause * 2 or 0.5)
            self._pause = doubled if lived < SHORT_LIFE_SECONDS else 0.0
            deadline = time.monotonic() + self._pause
            while self._stops_at is None and time.monotonic() < deadline:
                time.sleep(0.05)
            if self._stops_at is None:
                self._start()

    def _start(self) -> None:
        child = _Child(self._serve, self._sockets)
        self._children.append(child)
        if self._stops_at is not None:  # a signal arrived while it was starting
            child.terminate()

    def _stop(self) -> None:
        self._stops_at = time.monotonic() + self._patience
        self._signal_all(signal.SIGTERM)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self._stops_at is None:
            self._stop()
            return
        self._signal_all(signal.SIGKILL)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def _signal_all(self, number: int) -> None:
        for child in self._children:
            child.terminate(number)


@contextmanager
def _held(number: int) -> Iterator[None]:
    """Block a signal in this context, and permanently in a process that is started in it."""
    resource_tracker.ensure_running()  # it unblocks signals when it starts
    signal.pthread_sigmask(signal.SIG_BLOCK, {number})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})


def _run(serve: Serve, sockets: Sequence[socket.socket], sender: Connection) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    code = serve(sockets, lambda: sender.send(True))
    raise SystemExit(code)


def _end_with_parent() -> None:
    """End this process when its parent has been killed, since nothing else would."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
