"""Each check says how things stand: what must be seen is made so first."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models import database as db
from models.database import execute
from models.jobs import Job
from models.keys import encryption
from models.outbox import OutboxEvent
from resolvers.context import Context
from resolvers.health import background, checks, configuration, data_keys, database, machine
from resolvers.health.findings import Finding, Level, worst
from settings import DEVELOPMENT_KEY
from settings_exposure import production_warnings
from tests.make.members import member

GOOD_KEY = "hZ8s-Qk2Lr_0vN4xYt7BwC1mDfGjPaEu"


async def answering(url: str) -> bool:
    return True


async def silent(url: str) -> bool:
    return False


async def test_a_new_database_is_found_sound(ctx: Context) -> None:
    findings = await checks.examine(ctx, answering, connected=True, behind=False)
    assert len({each.name for each in findings}) == len(findings) == 20
    assert {each.name for each in findings if each.level is Level.ERROR} == set()
    assert all(bool(each.mend) is (each.level is not Level.OK) for each in findings)
    assert set(checks.READY) < set(checks.BACKGROUND)


@pytest.mark.parametrize(
    ("minutes", "level"), [(0, Level.OK), (1, Level.WARNING), (10, Level.ERROR)]
)
async def test_changes_without_a_number_show_that_no_worker_runs(
    ctx: Context, minutes: int, level: Level
) -> None:
    await OutboxEvent.create(
        topic="stock.changed", node_type="StockLevel", node_id=1, actor_kind="SYSTEM"
    )
    ctx.clock = moved(ctx, timedelta(minutes=minutes))
    assert (await background.changes(ctx)).level is level


async def test_overdue_and_failing_jobs_are_counted(ctx: Context) -> None:
    now = ctx.clock()
    assert (await background.jobs(ctx)).level is Level.OK
    job = await Job.create(kind="refund", payload={}, run_at=now + timedelta(hours=1), attempts=7)
    assert (await background.jobs(ctx)).level is Level.WARNING
    job.run_at = now - timedelta(minutes=10)
    job.locked_until = now + timedelta(minutes=1)
    await job.save()
    assert (await background.jobs(ctx)).level is Level.WARNING
    job.locked_until = None
    await job.save()
    found = await background.jobs(ctx)
    assert (found.level, "1 jobs are overdue" in found.says) == (Level.ERROR, True)


async def test_migrations_behind_and_ahead_are_named(ctx: Context) -> None:
    await execute(
        "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES ('models', '9999_later', ?)",
        ctx.clock(),
    )
    found = await database.migrations(ctx)
    assert (found.level, "9999_later" in found.says) == (Level.ERROR, True)
    await execute(
        "DELETE FROM tortoise_migrations WHERE name IN ('9999_later', '0003_stock_counting')"
    )
    found = await database.migrations(ctx)
    assert (found.level, "0003_stock_counting" in found.says) == (Level.ERROR, True)
    assert "migrate" in found.mend


@pytest.mark.own_database
async def test_a_missing_table_is_named(ctx: Context) -> None:
    await execute("DROP TABLE webhook" + (" CASCADE" if db.is_postgres() else ""))
    found = await database.migrations(ctx)
    assert (found.level, "there is no table webhook" in found.says) == (Level.ERROR, True)


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ({"secret_key": DEVELOPMENT_KEY}, Level.WARNING),
        ({"secret_key": DEVELOPMENT_KEY, "environment": "production"}, Level.ERROR),
        ({"secret_key": "a" * 40}, Level.ERROR),
        ({"secret_key": "abcabcabc" * 5}, Level.ERROR),
        ({"secret_key": GOOD_KEY}, Level.OK),
        ({"secret_key": GOOD_KEY, "admin_password": "short"}, Level.WARNING),
    ],
)
async def test_secrets_are_judged_and_never_shown(
    ctx: Context, given: dict[str, Any], level: Level
) -> None:
    found = await configuration.secrets(having(ctx, **given))
    assert found.level is level
    assert given["secret_key"] not in found.says + found.mend


@pytest.mark.parametrize(
    ("given", "level"),
    [
        ({}, Level.OK),
        ({"host": "0.0.0.0"}, Level.ERROR),
        ({"host": "localhost.evil.example"}, Level.ERROR),
        ({"host": "127.0.0.1.evil.example"}, Level.ERROR),
        ({"public_url": "http://localhost:3000"}, Level.OK),
        ({"public_url": "https://shop.example"}, Level.ERROR),
        ({"environment": "production", "public_url": "https://shop.example"}, Level.OK),
        ({"environment": "production", "public_url": "http://shop.example"}, Level.WARNING),
    ],
)
async def test_an_exposed_development_server_is_found(
    ctx: Context, given: dict[str, Any], level: Level
) -> None:
    assert (await configuration.environment(having(ctx, **given))).level is level


async def test_production_without_providers(ctx: Context) -> None:
    production = having(ctx, environment="production")
    assert (await configuration.text_messages(production)).level is Level.WARNING
    bare = having(ctx, environment="production", sms_outbox="")
    for each in (production, bare):
        found = await configuration.text_messages(each)
        assert found.level is Level.WARNING
        warned = production_warnings(each.settings, each.gateways)
        assert found.says.lower() in [text.lower() for text in warned]
    production.gateways = replace(ctx.gateways, payments={})
    assert (await configuration.payments(production)).level is Level.WARNING


async def test_the_built_in_challenge_is_weak_in_production(ctx: Context) -> None:
    assert (await configuration.challenges(ctx)).level is Level.OK
    production = having(ctx, environment="production")
    found = await configuration.challenges(production)
    assert (found.level, "weak" in found.says) == (Level.WARNING, True)
    production.gateways = replace(ctx.gateways, challenges=None)
    assert (await configuration.challenges(production)).level is Level.WARNING


async def test_keys_of_another_database_are_found(ctx: Context) -> None:
    assert (await data_keys.readable(ctx)).level is Level.OK
    kept = await member(ctx)
    assert (await data_keys.readable(ctx)).level is Level.OK
    encryption.use("other:" + b64encode(b"k" * 16 + b"other key bytes!").decode())
    try:
        found = await data_keys.readable(ctx)
    finally:
        encryption.use("")
    assert (found.level, "QUINTET_DATA_KEYS" in found.mend + found.says) == (Level.ERROR, True)
    assert f"row {kept.id}" in found.says
    assert "From development to production" in found.mend


async def test_redis(ctx: Context) -> None:
    several, there = having(ctx, workers=4), having(ctx, redis_url="redis://127.0.0.1")
    assert (await machine.redis(ctx, silent)).level is Level.OK
    assert (await machine.redis(several, silent)).level is Level.WARNING
    assert (await machine.redis(there, answering)).level is Level.OK
    assert (await machine.redis(there, silent)).level is Level.ERROR


async def test_room_on_the_disks(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with_files = having(ctx, files_folder=str(tmp_path / "not" / "made" / "yet"))
    for free, level in ((10**10, Level.OK), (10**8, Level.WARNING), (10**6, Level.ERROR)):
        usage = type("Usage", (), {"free": free})()
        monkeypatch.setattr(database.shutil, "disk_usage", lambda _, usage=usage: usage)
        assert (await machine.files_folder(with_files)).level is level
        if not db.is_postgres():
            assert (await database.room(ctx)).level is level
    assert not (tmp_path / "not").exists()


async def test_a_replica_that_is_away_is_only_a_warning(ctx: Context) -> None:
    away = having(ctx, replica_url="postgres://postgres@127.0.0.1:1/none")
    if db.is_postgres():
        assert (await database.replica_lag(away)).level is Level.WARNING
        itself = having(ctx, replica_url=ctx.settings.database_url)
        assert "follows nobody" in (await database.replica_lag(itself)).says
    assert (await database.replica_lag(ctx)).level is Level.OK


async def test_a_check_that_fails_or_hangs_is_a_finding(
    ctx: Context, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(ctx: Context) -> Finding:
        raise ValueError("no such column\nsecond line")

    async def hangs(ctx: Context) -> Finding:
        await asyncio.Event().wait()
        raise AssertionError("never")

    monkeypatch.setattr(checks, "SECONDS", 0.01)
    found = [await checks.run(ctx, "one", fails), await checks.run(ctx, "two", hangs)]
    assert [each.level for each in found] == [Level.ERROR, Level.ERROR]
    assert found[0].says == "It cannot be told: ValueError: no such column"
    assert worst([]) is Level.OK


def having(ctx: Context, **settings: Any) -> Context:
    return replace(ctx, settings=replace(ctx.settings, **settings))


def moved(ctx: Context, by: timedelta) -> Any:
    clock = ctx.clock
    return lambda: clock() + by


async def test_a_relative_folder_of_files_is_told_of_in_production(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for environment, folder, level in (
        ("production", "files", Level.WARNING),
        ("production", str(tmp_path / "files"), Level.OK),
        ("development", "files", Level.OK),
    ):
        found = await machine.files_folder(
            having(ctx, environment=environment, files_folder=folder)
        )
        assert (found.level, "whole path" in found.says) == (level, level is Level.WARNING)
