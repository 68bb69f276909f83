"""PostgreSQL: dumping and restoring by its own programs, which must be installed on this machine."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import asyncpg

from resolvers.backups.archive import BackupFault

SCHEMA, REPLACED = "public", "quintet_replaced"
_KEPT = ("sslmode", "sslrootcert")
_MISSING = (
    "{program} is not installed on this machine: install PostgreSQL's client programs"
    " (Debian: postgresql-client) of the server's version or newer."
)
_OTHERS = (
    "SELECT COUNT(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


async def dump(url: str, target: Path) -> list[str]:
    """Write a dump as of one moment; return the names of the migrations. Raises: BackupFault."""
    before = await _migrations(url)
    await _run(
        "pg_dump", url, "--format=custom", f"--schema={SCHEMA}", "--no-owner", "--no-privileges",
        f"--file={target}",
    )  # fmt: skip
    if await _migrations(url) != before:
        raise BackupFault("A migration ran meanwhile: take the backup again.")
    return before


async def is_empty(url: str) -> bool:
    async with _connected(url) as connection:
        tables = await connection.fetchval(
            "SELECT COUNT(*) FROM pg_tables WHERE schemaname = $1", SCHEMA
        )
        return bool(tables == 0)


async def restore(
    url: str, source: Path, look: Callable[[asyncpg.Connection], Awaitable[None]]
) -> None:
    """Replace what is in the database by a dump, or leave it as it is when that fails.

    `look` looks at what was restored, and raises to have back what was there.

    Raises: BackupFault.
    """
    listed = await _contents(source)
    async with _connected(url) as connection:
        if await connection.fetchval(_OTHERS):
            raise BackupFault(
                "Others are connected to the database: stop every server and worker first."
            )
        if await connection.fetchval("SELECT to_regnamespace($1) IS NOT NULL", REPLACED):
            raise BackupFault(
                f"A restore was interrupted: the schema {REPLACED} holds what was there before."
                " Look into it, then rename it to public or drop it."
            )
        await connection.execute(f"ALTER SCHEMA {SCHEMA} RENAME TO {REPLACED}")
        try:
            await connection.execute(f"CREATE SCHEMA {SCHEMA}")
            await _run(
                "pg_restore", url, "--single-transaction", "--exit-on-error", "--no-owner",
                "--no-privileges", f"--use-list={listed}", str(source),
            )  # fmt: skip
            await look(connection)
        except BaseException:
            await connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
            await connection.execute(f"ALTER SCHEMA {REPLACED} RENAME TO {SCHEMA}")
            raise
        await connection.execute(f"DROP SCHEMA {REPLACED} CASCADE")


async def _contents(source: Path) -> Path:
    """A list of what is to be restored, beside the dump: all but the schema itself, which is there."""
    process = await _started("pg_restore", ["--list", str(source)])
    output, errors = await process.communicate()
    if process.returncode:
        raise BackupFault(f"The dump is damaged: {_sentence(errors)}")
    lines = output.decode().splitlines()
    listed = source.with_name("contents")
    kept = [line for line in lines if f" SCHEMA - {SCHEMA} " not in f"{line} "]
    await asyncio.to_thread(listed.write_text, "\n".join(kept) + "\n")
    return listed


async def _migrations(url: str) -> list[str]:
    async with _connected(url) as connection:
        try:
            rows = await connection.fetch(
                "SELECT name FROM tortoise_migrations WHERE app = 'models' ORDER BY id"
            )
        except asyncpg.UndefinedTableError as error:
            raise BackupFault("This is no database of Quintet: it has no migrations.") from error
        return [row["name"] for row in rows]


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url, timeout=10)
    try:
        yield connection
    finally:
        await connection.close()


async def _run(program: str, url: str, *arguments: str) -> None:
    """Raises: BackupFault with what the program says."""
    with _without_password(url) as place:
        process = await _started(program, [f"--dbname={place}", *arguments])
        try:
            _, errors = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
    if process.returncode:
        raise BackupFault(f"{program} failed: {_sentence(errors)}")


async def _started(program: str, arguments: Sequence[str]) -> asyncio.subprocess.Process:
    if (path := shutil.which(program)) is None:
        raise BackupFault(_MISSING.format(program=program))
    pipe = asyncio.subprocess.PIPE
    return await asyncio.create_subprocess_exec(path, *arguments, stdout=pipe, stderr=pipe)


@contextmanager
def _without_password(url: str) -> Iterator[str]:
    """The address for a command line, which everybody on the machine may read: the password is in a file."""
    parts = urlsplit(url)
    options = {name: value for name, value in parse_qsl(parts.query) if name in _KEPT}
    user = quote(unquote(parts.username or "postgres"), safe="")
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or "127.0.0.1"
    with TemporaryDirectory() as folder:
        file = Path(folder, "password")
        password = unquote(parts.password or "").replace("\\", "\\\\").replace(":", "\\:")
        file.touch(0o600)
        file.write_text(f"*:*:*:*:{password}\n")
        query = urlencode({**options, "passfile": str(file)}, quote_via=quote)
        netloc = f"{user}@{host}:{parts.port or 5432}"
        yield urlunsplit(("postgresql", netloc, parts.path, query, ""))


def _sentence(errors: bytes) -> str:
    lines = [line for line in errors.decode(errors="replace").splitlines() if line.strip()]
    return (lines[0] if lines else "it does not say why")[:300]
