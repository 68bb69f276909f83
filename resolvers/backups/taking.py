"""Taking a backup while the installation serves."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from models.config import sqlite_path
from resolvers.backups import postgres_dump, sqlite_file
from resolvers.backups.archive import DATABASE, FILES, BackupFault, Manifest, Writer
from settings import VERSION, Settings

# Uploads that are still coming in: no operation refers to them.
COMING_IN = "incoming"


async def take(settings: Settings, target: Path, *, with_files: bool = True) -> Manifest:
    """Write the archive of a backup to `target`.

    The database is copied first, then the files: those that it refers to are among them.

    Raises: BackupFault, also where the folder of files is missing.
    """
    if with_files:
        await asyncio.to_thread(_refuse_missing, Path(settings.files_folder))
    with Writer(target) as archive, TemporaryDirectory(dir=target.parent) as folder:
        copied = Path(folder, "database")
        on_sqlite = settings.database_url.startswith("sqlite://")
        if on_sqlite:
            source = Path(sqlite_path(settings.database_url))
            migrations = await asyncio.to_thread(sqlite_file.copy, source, copied)
        else:
            migrations = await postgres_dump.dump(settings.listening_url, copied)
        taken_at = datetime.now(UTC).isoformat(timespec="seconds")
        await asyncio.to_thread(archive.add, DATABASE, copied, compress=on_sqlite)
        if with_files:
            await asyncio.to_thread(_add_files, archive, Path(settings.files_folder))
        manifest = Manifest(
            version=VERSION,
            taken_at=taken_at,
            database="sqlite" if on_sqlite else "postgresql",
            migrations=migrations,
            members=archive.members,
            with_files=with_files,
        )
        archive.finish(manifest)
    return manifest


def _refuse_missing(folder: Path) -> None:
    """A server makes its folder at its start: one that is missing is another's, or named from elsewhere."""
    if not folder.is_dir():
        raise BackupFault(
            f"There is no folder of files at {folder.absolute()}: set QUINTET_FILES_FOLDER to that of the"
            " server, by its whole path, or leave files out with --without-files."
        )


def _add_files(archive: Writer, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if inside.parts[0] == COMING_IN or path.is_symlink() or not path.is_file():
            continue
        try:
            archive.add(f"{FILES}{inside.as_posix()}", path)
        except FileNotFoundError:
            continue  # its time was over: the worker has removed it meanwhile
