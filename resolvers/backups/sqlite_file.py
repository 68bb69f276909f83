"""SQLite: a copy of the file while it is written to, and putting one in its place."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from resolvers.backups.archive import BackupFault


def copy(source: Path, target: Path) -> list[str]:
    """Copy the database as it is at one moment; return the names of its migrations.

    One step of SQLite's online backup is one read transaction: it waits for no writer, and none waits for it.

    Raises: BackupFault.
    """
    if not source.exists():
        raise BackupFault(f"There is no database at {source}.")
    reading, writing = sqlite3.connect(source, timeout=30), sqlite3.connect(target)
    try:
        reading.execute("PRAGMA query_only = ON")
        reading.backup(writing)
        writing.execute("PRAGMA journal_mode = DELETE")
        return _migrations(writing)
    except sqlite3.Error as error:
        raise BackupFault(f"The database at {source} cannot be copied: {error}.") from error
    finally:
        reading.close()
        writing.close()


def verify(path: Path) -> None:
    """Raises: BackupFault when the file is no sound database."""
    connection = sqlite3.connect(path)
    try:
        (answer,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if answer != "ok":
            raise BackupFault(f"The database of the backup is damaged: {answer}.")
        if row := connection.execute("PRAGMA foreign_key_check").fetchone():
            raise BackupFault(f"The database of the backup refers to rows it lacks, in {row[0]}.")
    except sqlite3.Error as error:
        raise BackupFault(f"The database of the backup is damaged: {error}.") from error
    finally:
        connection.close()


def is_empty(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def put_in_place(restored: Path, path: Path) -> None:
    """Replace the database by the restored file, at once.

    Raises: BackupFault while anybody is connected to it.
    """
    if not is_empty(path):
        _refuse_when_open(path)
    for log in (path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        log.unlink(missing_ok=True)
    os.replace(restored, path)


def _refuse_when_open(path: Path) -> None:
    """Only the one connection there is may leave the write-ahead log, and folds it into the file."""
    connection = sqlite3.connect(path, timeout=0)
    try:
        connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.OperationalError as error:
        raise BackupFault(
            f"{path} is open in another process: stop every server and worker first."
        ) from error
    except sqlite3.DatabaseError:
        return  # too damaged to be served: nothing is lost by replacing it
    finally:
        connection.close()


def _migrations(connection: sqlite3.Connection) -> list[str]:
    try:
        rows = connection.execute(
            "SELECT name FROM tortoise_migrations WHERE app = 'models' ORDER BY id"
        ).fetchall()
    except sqlite3.OperationalError as error:
        raise BackupFault("This is no database of Quintet: it has no migrations.") from error
    return [name for (name,) in rows]
