"""Work that is killed at one statement after another, each time on a copy of the same database.

`QUINTET_TEST_KILL_STRIDE` says at every how many statements; 1 kills at each of them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models import database
from settings import Settings
from tests.make.databases import PostgresDatabases, named
from tests.make.killing import Work, killed, system

STRIDE = int(os.environ.get("QUINTET_TEST_KILL_STRIDE", "9"))


@dataclass(frozen=True)
class Prepared:
    """A database to copy, and how."""

    settings: Settings
    url: str
    databases: PostgresDatabases | None
    folder: Path

    @contextmanager
    def copy(self) -> Iterator[Settings]:
        if self.databases is None:
            path = shutil.copy(self.url.removeprefix("sqlite://"), self.folder / "copy.db")
            yield replace(self.settings, database_url=f"sqlite://{path}")
            for leftover in self.folder.glob("copy.db*"):
                leftover.unlink()
            return
        name = self.databases.own(self.url.rpartition("/")[2])
        yield replace(self.settings, database_url=named(name))
        self.databases.drop(name)

    def deaths(self, work: Work) -> Iterator[Settings]:
        """A copy of the database after each death, from the first statement of `work` to its last."""
        statement, alive = 1, False
        while not alive:
            with self.copy() as settings:
                alive = not killed(settings, work, statement)
                yield settings
            statement += STRIDE
        assert statement > 2 * STRIDE, "the work sent hardly any statement"


def in_database(settings: Settings, work: Work) -> Any:
    """`work` by a process that nobody kills: this one."""

    async def connected() -> Any:
        await database.connect(settings.database_url)
        try:
            return await work(await system(settings))
        finally:
            await database.close()

    return asyncio.run(connected())
