"""The command line, as a person types it."""

from __future__ import annotations

import uuid
from base64 import b64encode
from pathlib import Path

import asyncpg
import pytest

import cli
from models.keys.encryption import DEVELOPMENT_KEYS
from starting import Stop
from tests.make.command_line import ROOT, run
from tests.make.databases import POSTGRES, named, on_server

KEYS = "new:MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


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
    assert (done.returncode, "save the file as UTF-8" in done.stderr) == (2, True)
    stock.write_text("")
    done = run("import", "stock", str(stock), database_url=database_url)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (2, "", "The file is empty.\n")


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
        QUINTET_DATA_KEYS=KEYS,
    )
    assert done.returncode == 2
    assert "not for production" in done.stderr


def test_a_refused_start_makes_no_file(tmp_path: Path) -> None:
    done = run(
        "serve",
        "--demo",
        database_url=f"sqlite://{tmp_path / 'shop.db'}",
        QUINTET_ENVIRONMENT="production",
        QUINTET_SECRET_KEY="k" * 40,
        QUINTET_DATA_KEYS=KEYS,
    )
    assert (done.returncode, "not for production" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.own_database
def test_an_administrator_is_let_in_by_a_password_of_the_environment(database_url: str) -> None:
    done = run(
        "admin", "boss", database_url=database_url, QUINTET_ADMIN_PASSWORD="vier-kühe-im-dorf"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "boss administers the platform" in done.stdout
    done = run("admin", "boss", database_url=database_url, QUINTET_ADMIN_PASSWORD="boss-boss-boss")
    assert (done.returncode, "easily guessed" in done.stderr) == (2, True)
    done = run("admin", "boss", database_url=database_url)
    assert (done.returncode, "Set QUINTET_ADMIN_PASSWORD" in done.stderr) == (2, True)


def test_an_administrator_types_the_password_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    typed = iter(["vier-kühe-im-dorf", "vier-kuehe-im-dorf"])
    monkeypatch.setattr(cli, "getpass", lambda prompt: next(typed))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    with pytest.raises(Stop, match="two different passwords: nothing was changed"):
        cli.asked_twice()


@pytest.mark.own_database
def test_keys_of_another_database_are_refused_and_rotation_names_the_row(database_url: str) -> None:
    old = {"QUINTET_DATA_KEYS": KEYS}
    assert run("seed", database_url=database_url, **old).returncode == 0
    other = {"QUINTET_DATA_KEYS": f"k9:{b64encode(b'9' * 32).decode()}"}
    for command in ("serve", "worker", "seed"):
        done = run(command, database_url=database_url, **other)
        assert done.returncode == 2
        assert "QUINTET_DATA_KEYS does not read the personal data" in done.stderr
        assert "Traceback" not in done.stderr
    for arguments in ((), ("--check",)):
        done = run("rotate-keys", *arguments, database_url=database_url, **other)
        assert (done.returncode, "Traceback" in done.stderr) == (2, False)
        assert "Cannot be read: member.encrypted_phone: no key of" in done.stderr
        assert "key new)" in done.stderr
    both = {"QUINTET_DATA_KEYS": ",".join((*other.values(), *old.values()))}
    assert run("rotate-keys", database_url=database_url, **both).returncode == 0
    assert "Nothing is left" in run("rotate-keys", database_url=database_url, **other).stdout


@pytest.mark.own_database
def test_the_way_from_development_to_production_is_as_the_page_says(database_url: str) -> None:
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert f"\n{DEVELOPMENT_KEYS}\n" in page
    assert page.count(DEVELOPMENT_KEYS) == 2
    assert run("seed", database_url=database_url).returncode == 0
    production = {"QUINTET_ENVIRONMENT": "production", "QUINTET_SECRET_KEY": "k-7Q" * 12}
    own, both = {"QUINTET_DATA_KEYS": KEYS}, {"QUINTET_DATA_KEYS": f"{KEYS},{DEVELOPMENT_KEYS}"}
    done = run("serve", database_url=database_url, **production, **own)
    assert (done.returncode, "«From development to production»" in done.stderr) == (2, True)
    done = run("rotate-keys", database_url=database_url, **production, **own)
    assert (done.returncode, "«From development to production»" in done.stderr) == (2, True)
    done = run("rotate-keys", database_url=database_url, **production, **both)
    assert (done.returncode, "lists the public key of development" in done.stderr) == (2, True)
    assert run("rotate-keys", database_url=database_url, **both).returncode == 0
    assert "Nothing is left" in run("rotate-keys", database_url=database_url, **own).stdout
    done = run("rotate-keys", "--check", database_url=database_url, **production, **own)
    assert (done.returncode, done.stderr) == (0, "")


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
