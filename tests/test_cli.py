"""The command line, as a person types it."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path

import asyncpg
import pytest

from tests.make.databases import POSTGRES, named, on_server

ROOT = Path(__file__).parents[1]


def run(*arguments: str, database_url: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "cli.py", *arguments, f"--database-url={database_url}"],
        cwd=ROOT,
        env={**os.environ, "QUINTET_LOG_LEVEL": "error", **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_files_are_imported_and_broken_rows_named(database_url: str, tmp_path: Path) -> None:
    stores = tmp_path / "stores.csv"
    stores.write_text("code,name,address,longitude,latitude\nS1,One,Street 1,123.4,41.8\n")
    done = run("import", "stores", str(stores), database_url=database_url)
    assert done.returncode == 0
    assert "1 created" in done.stdout
    products = tmp_path / "products.csv"
    products.write_text("gtin,name,price\n6901234567892,纯牛奶,9.90\n6901234567890,坏,1.00\n")
    done = run("import", "products", str(products), database_url=database_url)
    assert done.returncode == 2
    assert "Line 3" in done.stdout
    stock = tmp_path / "stock.csv"
    stock.write_text("门店编码,条码,数量\nS1,6901234567892,5\n", encoding="gbk")
    done = run("import", "stock", str(stock), database_url=database_url)
    assert (done.returncode, "1 created" in done.stdout) == (0, True)
    assert "It was read as GBK." in done.stdout
    done = run("import", "stock", str(stock), "--encoding", "UTF_8", database_url=database_url)
    assert (done.returncode, "save the file as UTF-8" in done.stdout) == (2, True)


def test_seeding_twice_plants_once(database_url: str) -> None:
    assert "Planted." in run("seed", database_url=database_url).stdout
    assert "nothing was planted" in run("seed", database_url=database_url).stdout


def test_the_snapshot_is_the_schema(database_url: str) -> None:
    assert run("schema", "--check", database_url=database_url).returncode == 0


def test_the_demo_is_not_for_production(database_url: str) -> None:
    done = run(
        "serve",
        "--demo",
        database_url=database_url,
        QUINTET_ENVIRONMENT="production",
        QUINTET_SECRET_KEY="k" * 40,
        QUINTET_DATA_KEYS="new:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    )
    assert done.returncode == 2
    assert "not for production" in done.stderr


@pytest.mark.skipif(not POSTGRES, reason="SQLite migrates by itself")
async def test_postgres_says_that_migrations_are_behind_and_stops(tmp_path: Path) -> None:
    name = f"quintet_behind_{uuid.uuid4().hex[:12]}"
    await on_server(f'CREATE DATABASE "{name}"')
    try:
        done = run("serve", database_url=named(name))
        assert done.returncode == 2
        assert "lacks migrations: 0001_initial" in done.stderr
        connection = await asyncpg.connect(named(name))
        assert await connection.fetchval("SELECT to_regclass('sales_order')") is None
        await connection.close()
        assert "Applied 0001_initial." in run("migrate", database_url=named(name)).stdout
    finally:
        await on_server(f'DROP DATABASE "{name}" WITH (FORCE)')
