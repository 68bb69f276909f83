"""A database that cannot be served stops the start with one sentence, within seconds."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
import threading
import time
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import asyncpg
import pytest
from tortoise.exceptions import OperationalError

from models.database_faults import FaultKind, fault_of
from models.keys import encryption
from models.keys.encryption import DEVELOPMENT_KEYS
from models.opening import DatabaseUnfit, check, sentence_of
from models.stock.documents.purchases import Supplier
from resolvers.context import Context
from settings import Settings
from starting import with_database
from tests.make.databases import POSTGRES, named, on_server

SECRET = "s3cret"
OTHER_KEYS = f"k9:{b64encode(b'9' * 32).decode()}"
on_sqlite = pytest.mark.skipif(bool(POSTGRES), reason="files are SQLite's")
on_postgres = pytest.mark.skipif(not POSTGRES, reason="needs a PostgreSQL server")


async def refused(url: str) -> str:
    """The sentence that a start ends with, and that nothing of it is left running."""

    async def never(ctx: Context) -> None:
        pytest.fail("the database was opened")

    began = time.monotonic()
    with pytest.raises(Exception) as caught:  # noqa: PT011 - which one, its sentence says
        await with_database(Settings(database_url=url), never)
    assert time.monotonic() - began < 12
    for thread in threading.enumerate():
        if "connection_worker" in thread.name:
            thread.join(timeout=2)
            assert not thread.is_alive()
    sentence = sentence_of(caught.value, url)
    assert sentence, repr(caught.value)
    assert "\n" not in sentence
    assert SECRET not in sentence
    return sentence


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all, but a text of some length\n" * 100)


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:3_000])


def overwritten(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 3 * 2] = b"\xff" * (len(content) // 3)
    path.write_bytes(content)


def newer(path: Path) -> None:
    change(path, "INSERT INTO tortoise_migrations (app, name, applied_at) VALUES"
                 " ('models', '9999_of_the_future', '2030-01-01')")  # fmt: skip


def lacking(path: Path) -> None:
    change(path, "DROP TABLE stock_level")


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def elsewhere(path: Path) -> None:
    shutil.rmtree(path.parent)


def change(path: Path, statement: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(statement)
    connection.close()


@on_sqlite
@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (garbage, "is damaged, or no SQLite database"),
        (cut, "cut off|damaged"),
        (cut_short, "cut off|damaged"),
        (overwritten, "damaged"),
        (newer, "made by a newer version.*9999_of_the_future"),
        (lacking, "lacks the table stock_level"),
        (folder, r"quintet\.db is a folder: name a file"),
        (elsewhere, r"There is no folder .*shop for the file quintet\.db: make it"),
    ],
)
async def test_a_spoilt_file_is_said_to_be_so(
    template: str, tmp_path: Path, spoil: Callable[[Path], None], says: str
) -> None:
    path = tmp_path / "shop" / "quintet.db"
    path.parent.mkdir()
    shutil.copy(template, path)
    spoil(path)
    before = path.read_bytes() if path.is_file() else None
    sentence = await refused(f"sqlite://{path}")
    assert re.search(says, sentence), sentence
    assert (path.read_bytes() if path.is_file() else None) == before


@on_sqlite
async def test_a_sound_file_is_opened(template: str, tmp_path: Path) -> None:
    path = shutil.copy(template, tmp_path / "quintet.db")
    opened = asyncio.Event()

    async def note(ctx: Context) -> None:
        opened.set()

    await with_database(Settings(database_url=f"sqlite://{path}"), note)
    assert opened.is_set()


@on_sqlite
async def test_a_new_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    path, rights = tmp_path / "quintet.db", {}

    async def look(ctx: Context) -> None:
        rights.update({each.name: each.stat().st_mode & 0o777 for each in tmp_path.iterdir()})  # noqa: ASYNC240

    await with_database(Settings(database_url=f"sqlite://{path}"), look)
    assert {"quintet.db", "quintet.db-wal", "quintet.db-shm"} <= rights.keys()
    assert set(rights.values()) == {0o600}


def test_a_read_only_file_is_said_to_be_so(tmp_path: Path) -> None:
    path = tmp_path / "quintet.db"
    sqlite3.connect(path).execute("CREATE TABLE t (a)").connection.close()
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError) as caught:
        connection.execute("INSERT INTO t VALUES (1)")
    connection.close()
    fault = fault_of(caught.value)
    assert fault
    assert fault.kind is FaultKind.READ_ONLY
    assert "cannot be written to" in (sentence_of(caught.value, f"sqlite://{path}") or "")


@on_postgres
async def test_a_missing_database_is_called_missing() -> None:
    sentence = await refused(named("no_such_shop"))
    assert 'The database "no_such_shop" does not exist' in sentence


@on_postgres
@pytest.mark.parametrize(
    ("statement", "says"),
    [
        (
            "INSERT INTO tortoise_migrations VALUES (9999, 'models', '9999_of_the_future', now())",
            "made by a newer version",
        ),
        ("DROP TABLE stock_level CASCADE", "lacks the table stock_level"),
    ],
)
@pytest.mark.own_database
async def test_a_database_of_another_version_is_said_to_be_so(
    database_url: str, statement: str, says: str
) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute(statement)
    await connection.close()
    assert says in await refused(database_url)


@on_postgres
@pytest.mark.own_database
async def test_a_standby_is_said_to_be_read_only(database_url: str) -> None:
    name = database_url.rpartition("/")[2]
    await on_server(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
    assert "read-only" in await refused(database_url)


async def test_a_server_that_is_away_is_named() -> None:
    url = f"postgres://shop:{SECRET}@127.0.0.1:1/shop"
    assert "PostgreSQL at 127.0.0.1:1 does not answer" in await refused(url)


async def test_a_server_that_says_nothing_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    monkeypatch.setattr("models.config.CONNECT_SECONDS", 0.3)
    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        sentence = await refused(f"postgres://shop:{SECRET}@127.0.0.1:{port}/shop")
    assert f"PostgreSQL at 127.0.0.1:{port} does not answer: no answer in time" in sentence


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (asyncpg.InvalidPasswordError("no"), 'does not let the user "shop" in'),
        (asyncpg.TooManyConnectionsError("too many clients"), "takes no more connections"),
        (asyncpg.InsufficientPrivilegeError("permission denied for schema"), "lacks a right"),
        (asyncpg.DiskFullError("No space left on device"), "storage is full"),
        (asyncpg.CannotConnectNowError("the database system is starting up"), "does not answer"),
        (OSError(28, "No space left on device"), "storage is full"),
        (
            asyncpg.InternalClientError(
                "cannot switch to state 12; another operation (2) is in progress"
            ),
            "does not answer",
        ),
    ],
)
def test_what_a_driver_raises_becomes_one_sentence(error: Exception, says: str) -> None:
    sentence = sentence_of(error, f"postgres://shop:{SECRET}@db:5433/shop")
    assert sentence
    assert says in sentence
    assert "PostgreSQL at db:5433" in sentence
    assert SECRET not in sentence


async def test_keys_of_another_database_refuse_the_start(ctx: Context) -> None:
    """Whatever column it is that they do not read, and at whichever end of its table."""
    url = ctx.settings.database_url
    keys = ctx.settings.data_keys
    supplier = Supplier(merchant_id=ctx.merchant_id, code="S1", name="S1")
    supplier.phone = "024-1"
    await supplier.save()
    assert await opened_by(url, keys) is None
    sentence = await opened_by(url, OTHER_KEYS)
    assert sentence
    assert sentence.startswith("QUINTET_DATA_KEYS does not read the personal data of this database")
    assert (
        f"supplier.encrypted_phone: no key of QUINTET_DATA_KEYS encrypted this value (row {supplier.id}"
        in sentence
    )
    if not keys:
        assert "public key of development" in sentence
        assert "this data is lost" not in sentence
    assert await opened_by(url, f"{OTHER_KEYS},{DEVELOPMENT_KEYS}") is None
    same_name = f"development:{b64encode(b'x' * 32).decode()}"
    sentence = await opened_by(url, same_name) or ""
    assert "does not read the personal data" in sentence
    assert "public key of development" not in sentence


async def test_one_damaged_value_does_not_refuse_the_start(ctx: Context) -> None:
    for code in ("S1", "S2"):
        supplier = Supplier(merchant_id=ctx.merchant_id, code=code, name=code)
        supplier.phone = "024-1"
        await supplier.save()
    await Supplier.filter(code="S2").update(encrypted_phone="1.development.AAAA")
    assert await opened_by(ctx.settings.database_url, ctx.settings.data_keys) is None


async def opened_by(url: str, keys: str) -> str | None:
    """The sentence that a start by these keys ends with, beside the database that is open."""
    encryption.use(keys)
    try:
        await check(url)
    except DatabaseUnfit as unfit:
        return str(unfit)
    finally:
        encryption.use("")
    return None


def test_other_errors_have_no_sentence() -> None:
    bug = asyncpg.InternalClientError(
        "cannot switch to state 12; another operation (12) is in progress"
    )
    assert fault_of(bug) is None
    assert sentence_of(ZeroDivisionError("division by zero"), "sqlite://x.db") is None
    assert fault_of(asyncpg.UniqueViolationError("duplicate key")) is None
    assert fault_of(asyncpg.QueryCanceledError("canceled")) is None
    assert fault_of(sqlite3.OperationalError("no such table: x")) is None


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InternalClientError(
            "cannot switch to state 12; another operation (2) is in progress"
        ),
        asyncpg.InterfaceError("cannot call Transaction.rollback(): the connection is closed"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        ConnectionResetError(104, "Connection reset by peer"),
    ],
)
def test_a_connection_that_ends_in_the_middle_is_called_lost(error: Exception) -> None:
    said = sentence_of(error, "postgres://127.0.0.1:5432/shop")
    assert said == "PostgreSQL at 127.0.0.1:5432 does not answer: the connection was lost."
    wrapped = OperationalError(error)
    wrapped.__cause__ = error
    assert sentence_of(wrapped, "postgres://127.0.0.1:5432/shop") == said
