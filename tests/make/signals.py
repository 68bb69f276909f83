"""Processes that are sent signals."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.conftest import free_port

SERVING = Path(__file__).parents[1] / "serving"
TOY, SIGNALLED = SERVING / "toy_process.py", SERVING / "signalled.py"
# All of them start some sixty processes: `make crash-matrix` does.
EVERY_STEP = bool(os.environ.get("QUINTET_TEST_EVERY_STEP"))


class Toy:
    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process = process
        self.port = port

    async def says(self, what: str) -> None:
        assert self.process.stdout
        async with asyncio.timeout(30):
            while line := await self.process.stdout.readline():
                if line.decode().strip() == what:
                    return
        pytest.fail(f"it ended without saying {what}")

    async def ends(self) -> tuple[int, float]:
        """Its exit code, and how many seconds it took from now."""
        began = time.monotonic()
        async with asyncio.timeout(30):
            return await self.process.wait(), time.monotonic() - began

    async def left(self) -> list[str]:
        """What it has still said."""
        assert self.process.stdout
        return (await self.process.stdout.read()).decode().split()


@asynccontextmanager
async def toy(*hangs: str, workers: int = 1, group: bool = False) -> AsyncIterator[Toy]:
    """`group`: its processes are a group of their own, which can be sent a signal."""
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(TOY), str(port), str(workers), *hangs),
        stdout=asyncio.subprocess.PIPE,
        start_new_session=group,
    )
    try:
        yield Toy(process, port)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def signalled(
    number: str, place: str, *command: str, **variables: str
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(SIGNALLED), number, place, *command),
        env={**os.environ, "QUINTET_LOG_LEVEL": "error", **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ended(process: asyncio.subprocess.Process) -> tuple[int | None, str, str]:
    async with asyncio.timeout(60):
        said, errors = await process.communicate()
    return process.returncode, said.decode(), errors.decode()
