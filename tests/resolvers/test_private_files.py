"""What is made for the server's user alone is so under every umask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from models.integrations.bulk import BulkOperation
from resolvers.context import Context
from resolvers.health import machine
from resolvers.health.findings import Level
from resolvers.integrations.bulk import storage as bulk_storage
from resolvers.private_files import private_file, private_folder


@contextmanager
def umask(value: int) -> Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


def rights(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize("value", [0o000, 0o022, 0o077, 0o277, 0o777])
def test_whatever_the_umask(tmp_path: Path, value: int) -> None:
    folder = tmp_path / "a" / "b"
    with umask(value):
        private_folder(folder)
        os.close(private_file(folder / "f", os.O_RDWR | os.O_CREAT))
    assert [rights(each) for each in (folder.parent, folder, folder / "f")] == [0o700, 0o700, 0o600]


def test_a_folder_that_is_there_keeps_its_rights(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(mode=0o755)
    shared.chmod(0o755)
    private_folder(shared)
    assert rights(shared) == 0o755


async def test_the_doctor_names_files_that_others_may_read(ctx: Context, tmp_path: Path) -> None:
    settings = replace(ctx.settings, files_folder=str(tmp_path / "files"))
    shop = replace(ctx, settings=settings)
    with umask(0):
        path = bulk_storage.source_of(settings, BulkOperation(file="upload"))
        os.close(private_file(path, os.O_RDWR | os.O_CREAT))
    assert (await machine.files_folder(shop)).level is not Level.WARNING
    path.chmod(0o644)
    found = await machine.files_folder(shop)
    assert (found.level, str(path) in found.says) == (Level.WARNING, True)
    assert "chmod -R go=" in (found.mend or "")
