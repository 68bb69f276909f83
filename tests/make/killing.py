"""Work in a process that is killed just before a chosen statement, as if its machine lost power."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable
from multiprocessing.process import BaseProcess

from gateways.wiring import make_gateways
from models import database
from resolvers.accounts.identity import first_merchant
from resolvers.context import SYSTEM, Context
from settings import Settings

Work = Callable[[Context], Awaitable[object]]
# Forked from a clean process that has everything loaded: a tenth of a second each.
LOADED = ("pytest", "resolvers.background.worker", "tests.make.killed_work", "tests.make.killing")
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([*LOADED])


class _Reaper(logging.Handler):
    """Kills its process when the statement of this number is about to be sent; 0 is none."""

    def __init__(self, statement: int) -> None:
        super().__init__(logging.DEBUG)
        self._left = statement

    def emit(self, record: logging.LogRecord) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def killed(settings: Settings, work: Work, statement: int) -> bool:
    """Run `work`, a function of a module, up to its statement of this number; false: it ended before."""
    process = _processes.Process(target=_run, args=(settings, work, statement))
    process.start()
    process.join()
    if process.exitcode == -signal.SIGKILL:
        return True
    assert process.exitcode == 0, "the work failed before it was killed"
    return False


def started(settings: Settings, work: Work) -> BaseProcess:
    """A process that does `work`, to be killed at a moment of the caller's choosing."""
    process = _processes.Process(target=_run, args=(settings, work, 0))
    process.start()
    return process


def _run(settings: Settings, work: Work, statement: int) -> None:
    asyncio.run(_work(settings, work, statement))


async def _work(settings: Settings, work: Work, statement: int) -> None:
    await database.connect(settings.database_url)
    ctx = await system(settings)
    statements = logging.getLogger("tortoise.db_client")
    statements.setLevel(logging.DEBUG)
    statements.propagate = False
    statements.addHandler(_Reaper(statement))
    await work(ctx)
    await database.close()


async def system(settings: Settings) -> Context:
    """The system's own context on the connected database."""
    return Context(
        settings=settings,
        gateways=make_gateways(settings),
        actor=SYSTEM,
        merchant_id=await first_merchant(),
    )
