"""A PostgreSQL of a test's own with a replica that streams from it, where its programs are installed."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

PROGRAMS = ("initdb", "pg_ctl", "pg_basebackup")
HASTE = "-c fsync=off -c shared_buffers=16MB -c unix_socket_directories=''"


def _found(program: str) -> str | None:
    places = [str(each) for each in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)]
    return shutil.which(program) or shutil.which(program, path=os.pathsep.join(places))


IS_INSTALLED = all(map(_found, PROGRAMS))


@asynccontextmanager
async def primary_and_replica(ports: tuple[int, int]) -> AsyncIterator[list[str]]:
    """The URLs of the servers' `postgres` database; the replica streams from the primary."""
    with TemporaryDirectory() as folder:  # pytest's folders are closed to other users
        async with _streaming(Path(folder), ports) as urls:
            yield urls


@asynccontextmanager
async def _streaming(folder: Path, ports: tuple[int, int]) -> AsyncIterator[list[str]]:
    if os.geteuid() == 0:  # as whom PostgreSQL does not start
        shutil.chown(folder, "nobody")
    primary, replica = (folder / "primary", folder / "replica")
    urls = [f"postgres://postgres@127.0.0.1:{port}/postgres" for port in ports]
    await _run("initdb", "-D", primary, "-U", "postgres", "--auth=trust", "--no-sync")
    await _start(primary, ports[0])
    try:
        await _run("pg_basebackup", "-d", urls[0], "-D", replica, "-R", "--no-sync", "-c", "fast")
        await _start(replica, ports[1])
        try:
            yield urls
        finally:
            await _run("pg_ctl", "stop", "-D", replica, "-m", "immediate")
    finally:
        await _run("pg_ctl", "stop", "-D", primary, "-m", "immediate")


async def _start(data: Path, port: int) -> None:
    log = data.with_suffix(".log")
    await _run("pg_ctl", "start", "-w", "-D", data, "-l", log, "-o", f"-p {port} {HASTE}")


async def _run(program: str, *arguments: str | Path) -> None:
    user = "nobody" if os.geteuid() == 0 else None
    process = await asyncio.create_subprocess_exec(
        _found(program) or program,
        *map(str, arguments),
        user=user,
        cwd="/",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await process.wait() == 0, (program, arguments)
