"""Checks whether a database can be served, with a sentence for the operator if it cannot."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
from tortoise import Tortoise
from tortoise.exceptions import OperationalError

from models import database
from models.config import sqlite_path
from models.data_keys import Column, columns_there, encrypted_columns, read_sample
from models.database_faults import FaultKind, causes, fault_of
from models.keys.encryption import DEVELOPMENT_KID, ring
from models.migrating import pending, unknown

# The whole check reads every page: about 0.3 s for this size.
CHECKED_BYTES = 64_000_000

FOREIGN_KEYS = "QUINTET_DATA_KEYS does not read the personal data of this database"
MEND_KEYS = "Add the key that was in use when it was written; without it this data is lost."
MEND_DEVELOPMENT = (
    "It was written without QUINTET_DATA_KEYS, by the public key of development: docs/operations.md, «From"
    " development to production», says how to encrypt it by a key of your own."
)


class DatabaseUnfit(Exception):
    """The database cannot be served; the message is a sentence for the operator."""


def check_path(database_url: str) -> None:
    """Check the path of a SQLite database before it is connected. Raises: DatabaseUnfit."""
    if not database_url.startswith("sqlite://"):
        return
    path = Path(sqlite_path(database_url)).absolute()
    if path.is_dir():
        raise DatabaseUnfit(f"{path} is a folder: name a file in QUINTET_DATABASE_URL.")
    if not path.parent.is_dir():
        raise DatabaseUnfit(
            f"There is no folder {path.parent} for the file {path.name}: make it, or name"
            " another in QUINTET_DATABASE_URL."
        )


async def check(database_url: str, *, any_keys: bool = False) -> None:
    """Check a database that has just been connected.

    `any_keys`: personal data need not be readable.

    Raises: DatabaseUnfit, and any driver error of a database that is away or damaged.
    """
    if newer := await unknown():
        raise DatabaseUnfit(
            f"The database was made by a newer version of Quintet: this one does not know the migration"
            f" {', '.join(newer)}. Start the newer version, or restore a backup."
        )
    if database_url.startswith("sqlite://"):
        await database.transaction(_probe)
        await asyncio.to_thread(_check_file, Path(sqlite_path(database_url)))
    elif await _is_read_only():
        raise DatabaseUnfit(
            f"{name_of(database_url)} is read-only (a standby?): Quintet needs the primary."
        )
    if not await pending() and (missing := await missing_tables()):
        raise DatabaseUnfit(
            f"The database lacks the table {', '.join(missing)}, although its migrations are said to be"
            " applied: restore a backup."
        )
    if not any_keys:
        await _refuse_foreign_keys(await columns_there())


async def check_keys() -> None:
    """Check whether a serving process can still read personal data. Raises: DatabaseUnfit."""
    await _refuse_foreign_keys(encrypted_columns())


async def _refuse_foreign_keys(columns: list[Column]) -> None:
    if foreign := (await read_sample(columns)).foreign:
        raise DatabaseUnfit(f"{FOREIGN_KEYS}: {foreign}. {mend_of(foreign.kid)}")


def mend_of(kid: str) -> str:
    """Return how to make values readable again whose key this process lacks."""
    of_development = kid == DEVELOPMENT_KID and ring().key(kid) is None
    return MEND_DEVELOPMENT if of_development else MEND_KEYS


def sentence_of(error: BaseException, database_url: str) -> str | None:
    """Return a sentence on what is wrong with the database, or None if the error has another cause."""
    for each in causes(error):
        if isinstance(each, DatabaseUnfit):
            return str(each)
        if sentence := _postgres_sentence(each, database_url):
            return sentence
    fault = fault_of(error)
    where = name_of(database_url)
    if fault is None:
        if isinstance(error, OperationalError | asyncpg.PostgresError | OSError):
            return f"{where} cannot be used: {_reason(error)}."
        return None
    if fault.kind is FaultKind.AWAY and database_url.startswith("sqlite://"):
        return f"{where} cannot be opened: {_reason(error)}. Check that its folder is there."
    return {
        FaultKind.AWAY: f"{where} does not answer: {_reason(error)}.",
        FaultKind.BUSY: f"{where} is locked by another process: {_reason(error)}.",
        FaultKind.FULL: f"{where} cannot be written to, its storage is full: {_reason(error)}.",
        FaultKind.READ_ONLY: f"{where} cannot be written to: {_reason(error)}. Check its rights and"
        " those of its folder.",
        FaultKind.DAMAGED: f"{where} is damaged, or no SQLite database: {_reason(error)}. Restore a"
        " backup.",
    }[fault.kind]


def name_of(database_url: str) -> str:
    """Return the name of a database without its user and password."""
    if database_url.startswith("sqlite://"):
        return f"The file {sqlite_path(database_url)}"
    url = urlsplit(database_url)
    return f"PostgreSQL at {url.hostname or '127.0.0.1'}:{url.port or 5432}"


def _postgres_sentence(error: BaseException, database_url: str) -> str | None:
    where, url = name_of(database_url), urlsplit(database_url)
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        name = url.path.lstrip("/") or "postgres"
        return f'The database "{name}" does not exist: {where} knows no such name. Create it first.'
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        user = url.username or "postgres"
        return f'{where} does not let the user "{user}" in: check the name and the password.'
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return f"{where} takes no more connections: {_reason(error)}."
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return f"{where} lacks a right for this user: {_reason(error)}."
    return None


# asyncpg's messages for a connection that ends in the middle of a statement describe its internal states.
_LOST = (
    asyncpg.InternalClientError,
    asyncpg.InterfaceError,
    asyncpg.ConnectionDoesNotExistError,
    ConnectionResetError,
    BrokenPipeError,
)


def _reason(error: BaseException) -> str:
    last = list(causes(error))[-1]
    if isinstance(last, _LOST) and fault_of(last) is not None:
        return "the connection was lost"
    text = " ".join(str(last).split()).rstrip(".")
    return text or ("no answer in time" if isinstance(last, TimeoutError) else type(last).__name__)


async def _is_read_only() -> bool:
    rows = await database.fetch("SELECT current_setting('transaction_read_only') AS answer")
    return bool(rows[0]["answer"] == "on")


async def missing_tables() -> list[str]:
    """Return the tables that a migrated database should have and lacks."""
    present = (
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = ANY(current_schemas(false))"
        if database.is_postgres()
        else "SELECT name FROM sqlite_schema WHERE type = 'table'"
    )
    there = {row["name"] for row in await database.fetch(present)}
    models = (Tortoise.apps or {})["models"].values()
    return sorted({model._meta.db_table for model in models} - there)


def _check_file(path: Path) -> None:
    """Check the file's size and pages. Raises: sqlite3.DatabaseError, DatabaseUnfit."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    try:
        (page_size,) = connection.execute("PRAGMA page_size").fetchone()
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        size = path.stat().st_size
        log = path.with_name(f"{path.name}-wal")
        # Pages that only the WAL has are not in the file yet.
        logged = log.stat().st_size if log.exists() else 0
        if size + logged < page_size * pages:
            raise DatabaseUnfit(
                f"The file {path} is cut off: it has {size} of {page_size * pages} bytes. Restore a backup."
            )
        if size <= CHECKED_BYTES:
            (answer,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            if answer != "ok":
                raise DatabaseUnfit(f"The file {path} is damaged: {answer}. Restore a backup.")
    finally:
        connection.close()


async def _probe() -> None:
    """Acquire the write lock without changing anything."""
    await database.fetch("SELECT 1")
