"""Folders and files for the server's user alone, whatever the umask of the process says."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE

FOLDER, FILE = 0o700, 0o600
OTHERS = 0o077


def private_folder(path: Path) -> Path:
    """Make a folder and those above it that are missing. One that is there keeps its rights."""
    missing = [each for each in (path, *path.parents) if not each.exists()]
    for each in reversed(missing):
        try:
            each.mkdir(mode=FOLDER)
        except FileExistsError:
            continue
        each.chmod(FOLDER)
    return path


def private_file(path: Path, flags: int) -> int:
    """Open a file by these flags of `os.open`; one that is made is the user's alone."""
    descriptor = os.open(path, flags, FILE)
    if S_IMODE(os.fstat(descriptor).st_mode) != FILE:
        os.fchmod(descriptor, FILE)
    return descriptor


def open_to_others(folder: Path, most: int) -> list[Path]:
    """The folder and what lies in it, as far as others than its user may use it; `most` are looked at."""
    found = []
    if folder.is_dir():
        for number, path in enumerate((folder, *folder.rglob("*"))):
            if number >= most:
                break
            with suppress(FileNotFoundError):  # it has just gone
                if not path.is_symlink() and S_IMODE(path.stat().st_mode) & OTHERS:
                    found.append(path)
    return found
