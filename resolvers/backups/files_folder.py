"""Replacing what is in the folder of files: what was there comes back when that fails."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path
from tempfile import mkdtemp

from resolvers.backups.archive import BackupFault
from resolvers.private_files import private_folder


def beside(folder: str) -> Path:
    """The folder around it, which is made where it is not there."""
    parent = Path(folder).absolute().parent
    parent.mkdir(parents=True, exist_ok=True)
    return parent


def needs(folder: Path, size: int) -> list[tuple[Path, int]]:
    """How many bytes are needed where: a folder that is a volume of its own is copied to and from."""
    parent = beside(str(folder))
    if not folder.exists() or folder.stat().st_dev == parent.stat().st_dev:
        return [(parent, size)]
    there = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return [(parent, size + there), (folder, size)]


def holds_files(folder: Path) -> bool:
    return folder.exists() and any(path.is_file() for path in folder.rglob("*"))


def replace(restored: Path, target: str) -> None:
    """Put what is in `restored` there; the folder itself may be a volume that cannot be moved.

    Raises: BackupFault, which says where what was there is: back in its place, or beside it.
    """
    folder = private_folder(Path(target))
    aside = Path(mkdtemp(prefix="replaced-", dir=beside(target)))
    left = {each.name for each in folder.iterdir()}
    try:
        for name in sorted(left):
            shutil.move(folder / name, aside)
            left.remove(name)
        for each in list(restored.iterdir()):
            shutil.move(each, folder)
    except OSError as error:
        where = "is there again" if _came_back(aside, folder, left) else f"is kept in {aside}"
        raise BackupFault(
            f"The database was restored, its files were not: {error}. What was in {folder} {where}."
        ) from error
    shutil.rmtree(aside)


def _came_back(aside: Path, folder: Path, left: Collection[str]) -> bool:
    """Take out what is new and move back what was moved; what was `left` was not, or not wholly."""
    try:
        for each in list(folder.iterdir()):
            if each.name not in left:
                shutil.rmtree(each) if each.is_dir() else each.unlink()
        for each in list(aside.iterdir()):
            if each.name not in left:
                shutil.move(each, folder)
        aside.rmdir()
    except OSError:
        return False
    return True
