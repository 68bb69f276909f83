"""Whether QUINTET_DATA_KEYS reads the personal data of a backup, asked before it replaces anything."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import asyncpg

from models.data_keys import SAMPLE
from models.keys.encryption import DEVELOPMENT_KEYS, DEVELOPMENT_KID, KeyRing, Undecryptable, kid_of
from resolvers.backups.archive import BackupFault

_ON_SQLITE = """SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c
WHERE m.type = 'table' AND c.name LIKE 'encrypted!_%' ESCAPE '!' ORDER BY 1, 2"""
_ON_POSTGRES = """SELECT table_name, column_name FROM information_schema.columns
WHERE table_schema = $1 AND column_name LIKE 'encrypted!_%' ESCAPE '!' ORDER BY 1, 2"""

Stored = tuple[str, str, str]
"""A table, a column and a value of it."""


def check_file(path: Path, keys: str) -> None:
    """Look into a database of SQLite that nobody uses. Raises: BackupFault."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        columns = connection.execute(_ON_SQLITE).fetchall()
        found = [
            (table, column, stored)
            for table, column in columns
            for statement in _samples(f'"{table}"', column)
            for (stored,) in connection.execute(statement)
        ]
    _refuse_foreign(found, keys)


async def check_schema(connection: asyncpg.Connection, schema: str, keys: str) -> None:
    """Look into a schema of PostgreSQL. Raises: BackupFault."""
    found = []
    for table, column in await connection.fetch(_ON_POSTGRES, schema):
        for statement in _samples(f'"{schema}"."{table}"', column):
            rows = await connection.fetch(statement)
            found += [(table, column, row[0]) for row in rows]
    _refuse_foreign(found, keys)


def _samples(table: str, column: str) -> list[str]:
    """The oldest values and the newest."""
    return [
        f'SELECT "{column}" FROM {table} WHERE "{column}" IS NOT NULL ORDER BY id{order} LIMIT {SAMPLE}'
        for order in ("", " DESC")
    ]


def _refuse_foreign(values: Iterable[Stored], keys: str) -> None:
    """A value that was damaged does not count where others of its key are read. Raises: BackupFault."""
    ring = KeyRing.parse(keys or DEVELOPMENT_KEYS)
    read: set[str] = set()
    unread: dict[str, str] = {}
    for table, column, stored in values:
        try:
            ring.decrypt(stored, f"{table}.{column}".encode())
        except Undecryptable:
            unread.setdefault(kid_of(stored), f"{table}.{column}")
        else:
            read.add(kid_of(stored))
    for kid, where in unread.items():
        if kid not in read:
            raise BackupFault(
                f"QUINTET_DATA_KEYS does not read the personal data of the backup ({where}, key {kid}):"
                f" nothing was changed. {_mend(kid, ring)}, or restore it with --any-keys, and that data is"
                " lost."
            )


def _mend(kid: str, ring: KeyRing) -> str:
    if kid == DEVELOPMENT_KID and ring.key(kid) is None:
        page = "docs/operations.md, «From development to production»"
        return f"That is the public key of development: do as {page}, says"
    return "Add the key that was in use when it was taken"
