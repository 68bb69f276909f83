"""Faults of the database itself, distinguished from faults of a statement.

Such a fault does not depend on the statement: the database does not respond, its disk is full, or its file
is damaged. The caller may retry later, and an operator must act.
"""

from __future__ import annotations

import errno
import socket
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import asyncpg
from tortoise.exceptions import BaseORMException, DBConnectionError

# The exceptions of the drivers and the ORM; `fault_of` tells which are faults of the database.
DATABASE_ERRORS: tuple[type[Exception], ...] = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    sqlite3.Error,
    BaseORMException,
    OSError,
)

_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.TooManyConnectionsError,
    asyncpg.OutOfMemoryError,
    asyncpg.PostgresSystemError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
)
_BUSY = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
_DAMAGED = (asyncpg.DataCorruptedError, asyncpg.IndexCorruptedError)
_UNREACHABLE = {errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN}
# asyncpg's message for a connection that is still reading why the server closes it.
BEING_CLOSED = "another operation (2) is in progress"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class FaultKind(StrEnum):
    AWAY = "AWAY"
    BUSY = "BUSY"
    FULL = "FULL"
    READ_ONLY = "READ_ONLY"
    DAMAGED = "DAMAGED"


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault of the database; `cause` is the driver's message on one line, only for the log."""

    kind: FaultKind
    cause: str


# Primary result codes. Source: https://www.sqlite.org/rescode.html
_SQLITE = {
    sqlite3.SQLITE_BUSY: FaultKind.BUSY,
    sqlite3.SQLITE_LOCKED: FaultKind.BUSY,
    sqlite3.SQLITE_READONLY: FaultKind.READ_ONLY,
    sqlite3.SQLITE_IOERR: FaultKind.AWAY,
    sqlite3.SQLITE_CORRUPT: FaultKind.DAMAGED,
    sqlite3.SQLITE_FULL: FaultKind.FULL,
    sqlite3.SQLITE_CANTOPEN: FaultKind.AWAY,
    sqlite3.SQLITE_NOTADB: FaultKind.DAMAGED,
}


def fault_of(error: BaseException) -> Fault | None:
    """Return the database's fault behind an error, or None when the error has another reason."""
    for each in causes(error):
        kind = _kind(each)
        if kind is not None:
            text = " ".join(str(each).split())[:300]
            return Fault(kind, f"{type(each).__name__}: {text}" if text else type(each).__name__)
    return None


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield the error and, where the ORM has wrapped one, the driver's error.

    Errors that other libraries wrap, such as an HTTP client, are not followed.
    """
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = _wrapped(seen) if isinstance(seen, BaseORMException) else None


def _wrapped(error: BaseORMException) -> BaseException | None:
    """Return the driver's error that the ORM raised from or passed as the only argument."""
    first = error.args[0] if error.args else None
    return error.__cause__ or (first if isinstance(first, BaseException) else None)


def _kind(error: BaseException) -> FaultKind | None:
    if isinstance(error, asyncpg.QueryCanceledError):
        return None
    if isinstance(error, asyncpg.DiskFullError):
        return FaultKind.FULL
    if isinstance(error, asyncpg.ReadOnlySQLTransactionError):
        return FaultKind.READ_ONLY
    for kinds, kind in ((_DAMAGED, FaultKind.DAMAGED), (_BUSY, FaultKind.BUSY)):
        if isinstance(error, kinds):
            return kind
    if isinstance(error, _AWAY) or (isinstance(error, DBConnectionError) and not error.__cause__):
        return FaultKind.AWAY
    if isinstance(error, asyncpg.InterfaceError):
        text = str(error)
        return FaultKind.AWAY if "closed" in text or "closing" in text else None
    if isinstance(error, asyncpg.InternalClientError):
        return FaultKind.AWAY if BEING_CLOSED in str(error) else None
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorcode", 0)
        # A file at the process's size limit fails as a write error, not as a full disk.
        return FaultKind.FULL if code == sqlite3.SQLITE_IOERR_WRITE else _SQLITE.get(code & 0xFF)
    return _system_kind(error) if isinstance(error, OSError) else None


def _system_kind(error: OSError) -> FaultKind | None:
    if error.errno in _NO_ROOM:
        return FaultKind.FULL
    # asyncpg joins the failures of several addresses of one host into an error without a number.
    if error.errno in _UNREACHABLE or "Multiple exceptions" in str(error):
        return FaultKind.AWAY
    return None
