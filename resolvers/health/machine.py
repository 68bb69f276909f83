"""Checks of the machine: the files folder, open files, Redis."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from resolvers.context import Context
from resolvers.health.database import free_at
from resolvers.health.findings import Finding, Level, error, ok, warning
from resolvers.private_files import open_to_others

OPEN_FILES = 4_096
LOOKED_AT = 10_000
Ping = Callable[[str], Awaitable[bool]]
"""Whether the Redis at an address answers."""


async def files_folder(ctx: Context) -> Finding:
    folder, there = await asyncio.to_thread(_nearest, ctx.settings.files_folder)
    if not await asyncio.to_thread(os.access, there, os.W_OK | os.X_OK):
        says = f"Nothing can be written to the folder of files, {folder}."
        return error(
            "files", says, "Give it to the user that runs Quintet, or set QUINTET_FILES_FOLDER."
        )
    if found := await asyncio.to_thread(open_to_others, folder, LOOKED_AT):
        says = f"Others than the user of Quintet may use {found[0]}, which holds what was uploaded."
        return warning("files", says, f"Run: chmod -R go= {folder}")
    space = await free_at(there, "files", f"Files of bulk operations lie in {folder}")
    relative = not Path(ctx.settings.files_folder).is_absolute()
    if space.level is not Level.OK or not (relative and ctx.settings.is_production):
        return space
    says = (
        "QUINTET_FILES_FOLDER is no whole path: what is started in another folder looks elsewhere."
    )
    return warning("files", says, f"Set it to that of the server; here it means {folder}.")


async def open_files(ctx: Context) -> Finding:
    try:
        import resource
    except ImportError:
        return ok("open files", "This system has no such limit.")
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    says = f"A process may open {limit} files and connections."
    if limit == resource.RLIM_INFINITY or limit >= OPEN_FILES:
        return ok("open files", says)
    return warning(
        "open files", says, f"Raise it to {OPEN_FILES} or more (LimitNOFILE=, ulimit -n)."
    )


async def redis(ctx: Context, ping: Ping) -> Finding:
    if not ctx.settings.redis_url:
        if ctx.settings.workers == 1:
            return ok("redis", "There is none, and one process needs none.")
        says = "There is none, so each process counts rate limits by itself."
        return warning("redis", says, "Set QUINTET_REDIS_URL.")
    if await ping(ctx.settings.redis_url):
        return ok("redis", "Redis answers.")
    says = "Redis does not answer: rate limits count by process, persisted queries are not shared."
    return error("redis", says, "Start Redis, or correct QUINTET_REDIS_URL.")


def _nearest(name: str) -> tuple[Path, Path]:
    """The folder, and itself or what it would be made in."""
    folder = Path(name).absolute()
    return folder, next(each for each in (folder, *folder.parents) if each.exists())
