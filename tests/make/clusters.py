"""A PostgreSQL server of one's own, in a temporary folder, which may be killed."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import tree
from tests.conftest import free_port

VERSIONS = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
INITDB = shutil.which("initdb") or (str(VERSIONS[-1] / "initdb") if VERSIONS else None)
USER = "postgres"
START_SECONDS = 30


@dataclass
class Cluster:
    """Durable: what was committed is there after a kill."""

    folder: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgres://{USER}@127.0.0.1:{self.port}/postgres"

    async def start(self) -> None:
        assert INITDB is not None
        options = f"-p {self.port} -c unix_socket_directories= -c listen_addresses=127.0.0.1"
        log = self.folder / "log"
        try:
            await _run(
                str(Path(INITDB).with_name("pg_ctl")),
                *("-D", str(self.folder / "data"), "-l", str(log), "-o", options),
                *("-w", "-t", str(START_SECONDS), "start"),
            )
        except AssertionError as failure:
            raise AssertionError(f"{failure}: {log.read_text()[-500:]}") from failure

    async def kill(self) -> None:
        """The server and each of its backends, as if the machine lost power."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGSTOP)  # no new backend while they are counted
        processes = tree(pid)
        for each in processes:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        await asyncio.to_thread(_gone, processes)
        (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)  # as after a restart


def _gone(processes: list[int]) -> None:
    """Wait until none of them runs any more."""
    for each in processes:
        with suppress(FileNotFoundError, ProcessLookupError):
            while Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()[0] != "Z":
                time.sleep(0.01)


@asynccontextmanager
async def a_cluster() -> AsyncIterator[Cluster]:
    """A new cluster that is running."""
    assert INITDB is not None
    folder = Path(tempfile.mkdtemp(prefix="quintet-cluster-"))
    if os.geteuid() == 0:
        shutil.chown(folder, USER)
    cluster = Cluster(folder, free_port())
    try:
        await _run(
            INITDB, "-D", str(folder / "data"), "-U", USER, "-A", "trust", "-E", "UTF8", "-N"
        )
        await cluster.start()
        yield cluster
    finally:
        with suppress(FileNotFoundError):
            await cluster.kill()
        shutil.rmtree(folder, ignore_errors=True)


async def _run(*command: str) -> None:
    """As the user that PostgreSQL runs as: it refuses to be root."""
    if os.geteuid() == 0:
        command = ("runuser", "-u", USER, "--", *command)
    with tempfile.TemporaryFile() as output:
        running = await asyncio.create_subprocess_exec(
            *command, cwd="/", stdout=output, stderr=output, stdin=asyncio.subprocess.DEVNULL
        )
        if await running.wait():
            output.seek(0)
            raise AssertionError(output.read().decode())
