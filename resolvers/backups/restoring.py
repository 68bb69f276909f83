"""Restoring a backup into an installation that does not serve, and looking whether it is sound."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from shutil import disk_usage
from tempfile import TemporaryDirectory

import asyncpg

from models import migrating
from models.config import sqlite_path
from resolvers.backups import data_keys, files_folder, postgres_dump, sqlite_file
from resolvers.backups.archive import DATABASE, BackupFault, Manifest, Reader
from resolvers.context import Context
from resolvers.private_files import private_folder
from resolvers.stock.audit import audit
from settings import VERSION, Settings

FORCE = "Name an empty one, or replace it with --force."


@dataclass(frozen=True, slots=True)
class Soundness:
    """What the audit of a restored database found; `faults` is empty for a sound one."""

    checked_levels: int
    faults: tuple[str, ...]


async def restore(
    settings: Settings,
    source: Path,
    *,
    force: bool = False,
    any_keys: bool = False,
    empty_files: bool = False,
) -> Manifest:
    """Put the database and files of a backup where the settings say.

    Everything is read and verified before anything is replaced. A backup without a single file leaves the
    folder of files as it is, unless `empty_files`.

    Raises: BackupFault for a damaged or newer backup, another kind of database, one that is in use, one
    that is not empty unless `force`, and one that the data keys do not read unless `any_keys`.
    """
    archive = await asyncio.to_thread(Reader, source)
    try:
        _refuse_newer(archive.manifest)
        await _refuse_target(settings, archive.manifest, force)
        near = Path(sqlite_path(settings.database_url)).parent if _on_sqlite(settings) else None
        with TemporaryDirectory(dir=near) as scratch:
            database = Path(scratch, "database")
            _refuse_too_large(archive.manifest, Path(scratch), settings)
            await asyncio.to_thread(archive.extract, DATABASE, database)
            with TemporaryDirectory(dir=files_folder.beside(settings.files_folder)) as staging:
                files = await asyncio.to_thread(_extract_files, archive, Path(staging))
                await _restore_database(settings, database, any_keys)
                if archive.manifest.with_files and (empty_files or archive.manifest.holds_files):
                    await asyncio.to_thread(files_folder.replace, files, settings.files_folder)
        return archive.manifest
    finally:
        archive.close()


async def examine(ctx: Context) -> Soundness:
    """Audit the stock of a restored database that is connected and migrated."""
    found = await audit.run(ctx, full=True)
    faults = [
        f"level {drift.level_id}: {drift.recorded} {drift.state}, the {drift.witness} says {drift.expected}"
        for drift in found.drifts
    ]
    faults += [str(fault) for fault in found.backorder_faults]
    return Soundness(found.checked_levels, tuple(faults))


def _refuse_newer(manifest: Manifest) -> None:
    unknown = sorted(set(manifest.migrations) - set(migrating.known()))
    if unknown or _numbers(manifest.version) > _numbers(VERSION):
        lacking = f" (migration {unknown[0]})" if unknown else ""
        raise BackupFault(
            f"The backup was made by version {manifest.version}{lacking}, this is {VERSION}:"
            " restore it with that version or a newer one."
        )


def _refuse_too_large(manifest: Manifest, scratch: Path, settings: Settings) -> None:
    """Look at every file system that something is written to."""
    files = sum(each.bytes for name, each in manifest.members.items() if name != DATABASE)
    needs = [(scratch.parent, manifest.members[DATABASE].bytes)]
    if manifest.with_files:
        needs += files_folder.needs(Path(settings.files_folder), files)
    needed = Counter[int]()
    for folder, size in needs:
        needed[folder.stat().st_dev] += size
    for folder, _ in needs:
        total, free = needed[folder.stat().st_dev], disk_usage(folder).free
        if total > free:
            raise BackupFault(
                f"The backup needs {total:,} bytes, and {folder} has {free:,}: nothing was changed."
            )


async def _refuse_target(settings: Settings, manifest: Manifest, force: bool) -> None:
    kind = "sqlite" if _on_sqlite(settings) else "postgresql"
    if manifest.database != kind:
        raise BackupFault(
            f"The backup is of {manifest.database}, QUINTET_DATABASE_URL names {kind}."
        )
    if force:
        return
    if kind == "sqlite":
        empty = await asyncio.to_thread(
            sqlite_file.is_empty, Path(sqlite_path(settings.database_url))
        )
    else:
        empty = await postgres_dump.is_empty(settings.listening_url)
    if not empty:
        raise BackupFault(f"The database is not empty. {FORCE}")
    if manifest.with_files and await asyncio.to_thread(
        files_folder.holds_files, Path(settings.files_folder)
    ):
        raise BackupFault(f"The folder {settings.files_folder} is not empty. {FORCE}")


async def _restore_database(settings: Settings, database: Path, any_keys: bool) -> None:
    if not _on_sqlite(settings):

        async def look(connection: asyncpg.Connection) -> None:
            if not any_keys:
                schema = postgres_dump.SCHEMA
                await data_keys.check_schema(connection, schema, settings.data_keys)

        await postgres_dump.restore(settings.listening_url, database, look)
        return
    await asyncio.to_thread(sqlite_file.verify, database)
    if not any_keys:
        await asyncio.to_thread(data_keys.check_file, database, settings.data_keys)
    target = Path(sqlite_path(settings.database_url))
    await asyncio.to_thread(sqlite_file.put_in_place, database, target)


def _extract_files(archive: Reader, staging: Path) -> Path:
    folder = staging / "files"
    private_folder(folder)
    for name, inside in archive.files():
        archive.extract(name, folder / inside)
    return folder


def _on_sqlite(settings: Settings) -> bool:
    return settings.database_url.startswith("sqlite://")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
