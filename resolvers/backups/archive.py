"""The archive of a backup: a ZIP file with the database, the files folder and a manifest.

manifest.json       what it is, which version made it, and size and SHA-256 of every other member
database            a SQLite file, or a dump of PostgreSQL in pg_dump's custom format
files/…             the files folder, unless it was left out
"""

from __future__ import annotations

import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from tempfile import mkstemp
from typing import IO, Literal

from resolvers.private_files import private_file, private_folder

FORMAT = "quintet-backup"
FORMAT_VERSION = 1
MANIFEST, DATABASE, FILES = "manifest.json", "database", "files/"
CHUNK = 1024 * 1024
MANIFEST_BYTES = 64 * 1024 * 1024
_DAMAGED = (zipfile.BadZipFile, zlib.error, KeyError, ValueError)

Kind = Literal["sqlite", "postgresql"]


class BackupFault(Exception):
    """A backup cannot be taken or restored; the message is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Member:
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What an archive holds. `taken_at` is in UTC, `migrations` are those of the database, in order."""

    version: str
    taken_at: str
    database: Kind
    migrations: list[str]
    members: dict[str, Member]
    with_files: bool
    format: str = FORMAT
    format_version: int = FORMAT_VERSION

    @property
    def holds_files(self) -> bool:
        return any(name != DATABASE for name in self.members)


class Writer:
    """An archive that appears under its name only once it is whole and on the disk."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.members: dict[str, Member] = {}

    def __enter__(self) -> Writer:
        if self._path.exists():
            raise BackupFault(f"{self._path} is there already: name another file.")
        # It holds everything there is to know of members: nobody else may read it.
        try:
            descriptor, part = mkstemp(prefix=f"{self._path.name}.", dir=self._path.parent)
        except OSError as error:
            raise BackupFault(f"{self._path} cannot be written: {error.strerror}.") from error
        self._part = Path(part)
        self._file = os.fdopen(descriptor, "w+b")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
        return self

    def add(self, name: str, source: Path, *, compress: bool = True) -> None:
        """Raises: FileNotFoundError."""
        how = zipfile.ZIP_DEFLATED if compress else zipfile.ZIP_STORED
        with source.open("rb") as read:
            info = zipfile.ZipInfo(name)
            info.compress_type = how
            with self._zip.open(info, "w", force_zip64=True) as written:
                self.members[name] = _copied(read, written)

    def finish(self, manifest: Manifest) -> None:
        self._zip.writestr(MANIFEST, json.dumps(asdict(manifest), indent=1))

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        if kind is None:
            self._part.rename(self._path)
        else:
            self._part.unlink()


class Reader:
    """An archive to restore. Every member is compared with the manifest as it is read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._zip = zipfile.ZipFile(path)
            self.manifest = self._manifest()
        except FileNotFoundError:
            raise BackupFault(f"There is no file {path}.") from None
        except (*_DAMAGED, OSError, TypeError, AttributeError) as error:
            raise BackupFault(f"{path} is damaged, cut off, or no backup: {error}.") from error

    def extract(self, name: str, target: Path) -> None:
        """Write a member to a file that nobody else may read. Raises: BackupFault for a damaged one."""
        said = self.manifest.members[name]
        try:
            private_folder(target.parent)
            descriptor = private_file(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            with self._zip.open(name) as read, os.fdopen(descriptor, "wb") as written:
                found = _copied(read, written, at_most=said.bytes)
        except (*_DAMAGED, EOFError, RuntimeError, OSError) as error:
            raise BackupFault(f"{self._path} is damaged at {name}: {error}.") from error
        if found != said:
            raise BackupFault(f"{self._path} is damaged: {name} is not what the manifest says.")

    def files(self) -> Iterator[tuple[str, PurePosixPath]]:
        """Each member below `files/`, with its path in the folder. Raises: BackupFault for one outside."""
        for name in self.manifest.members:
            if name == DATABASE:
                continue
            path = PurePosixPath(name.removeprefix(FILES))
            if not name.startswith(FILES) or path.is_absolute() or ".." in path.parts:
                raise BackupFault(f"{self._path} holds a file outside its folder: {name}.")
            yield name, path

    def close(self) -> None:
        self._zip.close()

    def _manifest(self) -> Manifest:
        if self._zip.getinfo(MANIFEST).file_size > MANIFEST_BYTES:
            raise ValueError("its manifest is too long")
        said = json.loads(self._zip.read(MANIFEST))
        if said.get("format") != FORMAT:
            raise ValueError("it has no manifest of a backup")
        if said["format_version"] != FORMAT_VERSION:
            raise ValueError(f"its format {said['format_version']} is not known")
        members = {name: Member(**each) for name, each in said.pop("members").items()}
        if DATABASE not in members or not isinstance(said["migrations"], list):
            raise ValueError("its manifest names no database")
        if not all(isinstance(each.bytes, int) for each in members.values()):
            raise ValueError("its manifest does not say how long its members are")
        if not all(isinstance(each, str) for each in (said["version"], *said["migrations"])):
            raise ValueError("its manifest says no version")
        return Manifest(members=members, **said)


def _copied(source: IO[bytes], target: IO[bytes], at_most: int | None = None) -> Member:
    """Raises: ValueError for more than `at_most` bytes, before they fill the disk."""
    digest, size = sha256(), 0
    while chunk := source.read(CHUNK):
        if at_most is not None and size + len(chunk) > at_most:
            raise ValueError("it is longer than the manifest says")
        digest.update(chunk)
        size += len(chunk)
        target.write(chunk)
    return Member(size, digest.hexdigest())
