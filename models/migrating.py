"""Applying and listing migrations, by Tortoise's own executor."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
from tortoise.connection import get_connection
from tortoise.exceptions import OperationalError

from models.config import connection_settings

if TYPE_CHECKING:
    from tortoise.migrations.executor import MigrationExecutor

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


async def migrate(target: str = "__latest__") -> list[str]:
    """Migrate to `target`, forwards or backwards, and return the names of the migrations that ran."""
    from tortoise.migrations.executor import MigrationTarget

    executor = _executor()
    targets = [MigrationTarget(app_label="models", name=target)]
    plan = [step.migration.name for step in await executor.plan(targets)]
    await executor.migrate(targets)
    return plan


async def pending() -> list[str]:
    """Return the names of the migrations that this database lacks.

    This takes one statement; the executor would load every migration at every start.
    """
    return sorted(_known() - await _applied())


async def unknown() -> list[str]:
    """Return the names of this database's migrations that only a newer version has."""
    return sorted(await _applied() - _known())


def known() -> list[str]:
    """Return the names of the migrations of this version."""
    return sorted(_known())


def _known() -> set[str]:
    return {path.stem for path in MIGRATIONS.glob("[0-9]*.py")}


async def _applied() -> set[str]:
    try:
        rows = await get_connection("default").execute_query_dict(
            "SELECT name FROM tortoise_migrations WHERE app = 'models'"
        )
    except OperationalError as error:
        if not _says_no_table(error):
            raise
        return set()
    return {row["name"] for row in rows}


def _says_no_table(error: OperationalError) -> bool:
    """Return whether the error means that the database has no tables."""
    return isinstance(error.__cause__, asyncpg.UndefinedTableError) or "no such table" in str(error)


def _executor() -> MigrationExecutor:
    from models.engine.schema_changes.late_states import Executor

    apps = connection_settings("sqlite://any.db")["apps"]
    return Executor(get_connection("default"), apps)
