"""Bringing a database to the newest migration, by Tortoise's own executor."""

from __future__ import annotations

from tortoise.connection import get_connection
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from models.config import connection_settings

_APPS = connection_settings("sqlite://any.db")["apps"]


async def migrate(target: str = "__latest__") -> list[str]:
    """Apply (or roll back to) `target`; answers the names of the migrations that ran."""
    executor = _executor()
    targets = [MigrationTarget(app_label="models", name=target)]
    plan = [step.migration.name for step in await executor.plan(targets)]
    await executor.migrate(targets)
    return plan


async def pending() -> list[str]:
    """The names of the migrations that this database still lacks."""
    plan = await _executor().plan([MigrationTarget(app_label="models", name="__latest__")])
    return [step.migration.name for step in plan]


def _executor() -> MigrationExecutor:
    return MigrationExecutor(get_connection("default"), _APPS)
