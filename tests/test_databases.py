"""A PostgreSQL database that tests share looks to each of them like a new copy of the template."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from tests.make.databases import POSTGRES, PostgresDatabases, named

pytestmark = pytest.mark.skipif(not POSTGRES, reason="SQLite's file is copied for each test")


async def on(name: str, statement: str) -> Any:
    connection = await asyncpg.connect(named(name))
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


async def test_a_shared_database_is_as_the_template_was(
    postgres_databases: PostgresDatabases,
) -> None:
    name = postgres_databases.shared()
    new_job = (
        "INSERT INTO job (kind, payload, run_at, created_at, attempts)"
        " VALUES ('x', '{}', now(), now(), 0) RETURNING id"
    )
    staff = await on(name, "SELECT username FROM staff")
    first = await on(name, new_job)
    await on(name, "DELETE FROM staff_grant")
    await on(name, "UPDATE staff SET username = 'someone else'")
    left_behind = await asyncpg.connect(named(name))
    await left_behind.execute("BEGIN; LOCK TABLE job")

    assert postgres_databases.shared() == name
    assert await on(name, "SELECT count(*) FROM job") == 0
    assert await on(name, "SELECT count(*) FROM staff_grant") == 1
    assert await on(name, "SELECT username FROM staff") == staff
    assert await on(name, new_job) == first
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)):
        await left_behind.execute("COMMIT")


async def test_a_database_whose_tables_were_changed_is_not_used_again(
    postgres_databases: PostgresDatabases,
) -> None:
    name = postgres_databases.shared()
    await on(name, "ALTER TABLE job ALTER COLUMN kind DROP NOT NULL")
    assert postgres_databases.shared() != name
