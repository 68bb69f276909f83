"""The migrations build what the tables say, on whichever database the tests run."""

from __future__ import annotations

import sqlite3
from typing import Any

import asyncpg
import pytest
from tortoise import Tortoise
from tortoise.exceptions import IntegrityError
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.constraints import CheckConstraint
from tortoise.migrations.schema_generator.state import ModelState
from tortoise.models import Model

from models import database as db
from models.accounts.sessions import Session
from models.accounts.staff import RecoveryCode, Staff
from models.config import connection_settings
from models.migrating import migrate, pending
from models.stock.levels import StockLevel
from resolvers.context import utc_now


def tables() -> list[type[Model]]:
    return list(Tortoise.apps["models"].values())


async def _rows(sqlite: str, postgres: str) -> list[str]:
    rows = await db.fetch(postgres if db.is_postgres() else sqlite)
    return [str(next(iter(row.values()))) for row in rows]


async def test_every_check_is_in_the_database(database: str) -> None:
    wanted = {
        constraint.name
        for model in tables()
        for constraint in model._meta.constraints
        if isinstance(constraint, CheckConstraint)
    }
    text = " ".join(
        await _rows(
            "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL",
            "SELECT conname FROM pg_constraint WHERE contype = 'c'",
        )
    )
    assert len(wanted) > 30
    assert {name for name in wanted if name not in text} == set()


async def test_every_unique_key_is_in_the_database(database: str) -> None:
    for model in tables():
        keys = {tuple(sorted(columns)) for columns in model._meta.unique_together}
        keys |= {
            (field.source_field or name,)
            for name, field in model._meta.fields_map.items()
            if field.unique and not field.pk and name in model._meta.fields_db_projection
        }
        assert keys <= await _unique_keys(model._meta.db_table), model


async def test_every_foreign_key_is_indexed_and_restricts(database: str) -> None:
    for model in tables():
        for name in model._meta.fk_fields:
            field = model._meta.fields_map[name]
            assert isinstance(field, ForeignKeyFieldInstance)
            assert field.on_delete == "RESTRICT", (model, name)
            assert model._meta.fields_map[field.source_field or ""].index, (model, name)


async def test_a_number_below_zero_is_refused_by_the_database(database: str) -> None:
    with pytest.raises((IntegrityError, sqlite3.IntegrityError, asyncpg.PostgresError)) as refused:
        await StockLevel.create(variant_id=1, location_id=1, available=-1)
    assert "ck_stock_level_available" in str(refused.value)


async def test_nothing_is_left_to_migrate_and_again_does_nothing(database: str) -> None:
    assert await pending() == []
    assert await migrate() == []


async def test_each_migration_applies_and_rolls_back_one_by_one(database: str) -> None:
    applied = [
        row["name"] for row in await db.fetch("SELECT name FROM tortoise_migrations ORDER BY id")
    ]
    assert await migrate("__first__") == applied[::-1]
    assert await pending() == applied
    for name in applied:
        assert await migrate(name) == [name]
    assert await pending() == []
    assert await StockLevel.all().count() == 0


async def test_few_classes_are_made_of_what_was_applied_before(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Tortoise makes those of all models anew for each operation that was ever applied."""
    rendered: list[str] = []
    real = ModelState.render

    def render(state: ModelState, *arguments: Any, **options: Any) -> Any:
        rendered.append(state.name)
        return real(state, *arguments, **options)

    monkeypatch.setattr(ModelState, "render", render)
    (*_, before, last) = [
        row["name"] for row in await db.fetch("SELECT name FROM tortoise_migrations ORDER BY id")
    ]
    assert await migrate(before) == [last]
    assert await migrate() == [last]
    tables = len(set(rendered))
    assert tables > 50
    assert len(rendered) < 40 * tables  # Tortoise's own executor: 60


async def test_sign_in_is_rolled_back_where_there_are_staff(database: str) -> None:
    """With rows that others refer to; columns go, rows and their keys stay."""
    person = await Staff.get(username="admin")
    person.second_factor_secret = "SECRET"
    person.second_factor_at = person.last_sign_in_at = utc_now()
    await person.save()
    await RecoveryCode.create(staff_id=person.id, code_hash="h")
    await Session.create(
        kind="STAFF",
        subject_id=person.id,
        access_hash="a",
        refresh_hash="r",
        spent_refresh_hash="s",
        access_expires_at=utc_now(),
        refresh_expires_at=utc_now(),
        confirmed_at=utc_now(),
    )
    await migrate("0015_stocktake_serials")
    [left] = await db.fetch("SELECT * FROM staff")
    assert not {"second_factor_at", "last_sign_in_at"} & set(left)
    assert (left["username"], left["password_hash"]) == ("admin", person.password_hash)
    assert await db.fetch("SELECT staff_id FROM staff_grant")
    [session] = await db.fetch("SELECT * FROM session")
    assert session["access_hash"] == "a"
    assert "confirmed_at" not in session
    await migrate()
    again = await Staff.get(username="admin")
    assert (again.id, again.second_factor_at) == (person.id, None)


async def test_the_migrations_tell_all_that_the_tables_say() -> None:
    config = connection_settings("sqlite://unused.db")
    await Tortoise.init(config=config, init_connections=False)
    changes = await MigrationAutodetector(Tortoise.apps, config["apps"]).changes()
    assert [writer.name for writer in changes] == []


async def _unique_keys(table: str) -> set[tuple[str, ...]]:
    if db.is_postgres():
        rows = await db.fetch(
            "SELECT array_agg(a.attname ORDER BY a.attname) AS columns FROM pg_index i"
            " JOIN pg_class t ON t.oid = i.indrelid JOIN pg_attribute a ON a.attrelid = t.oid"
            " AND a.attnum = ANY(i.indkey) WHERE t.relname = ? AND i.indisunique GROUP BY i.indexrelid",
            table,
        )
        return {tuple(row["columns"]) for row in rows}
    keys = set()
    for index in await db.fetch(f'PRAGMA index_list("{table}")'):
        if index["unique"]:
            columns = await db.fetch(f'PRAGMA index_info("{index["name"]}")')
            keys.add(tuple(sorted(column["name"] for column in columns)))
    return keys
