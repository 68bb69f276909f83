"""A backup that is taken while the shop sells is one moment of it, and comes back whole or not at all."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import uuid
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from errno import ENOSPC
from pathlib import Path
from typing import Any

import pytest

from models import database as db
from models import migrating
from models.orders.orders import Order
from resolvers.backups import postgres_dump, restoring
from resolvers.backups.archive import DATABASE, FILES, MANIFEST, BackupFault
from resolvers.backups.restoring import restore
from resolvers.backups.taking import take
from resolvers.context import Context
from settings import Settings
from tests.make.backups import a_file, stopped, texts_below
from tests.make.databases import POSTGRES, PostgresDatabases, named, on_server
from tests.make.sales import a_guest, a_level_in_a_store, a_paid_order, an_order
from tests.make.soundness import contradictions

pytestmark = pytest.mark.own_database
MAKE_UNREADABLE = {
    "nothing": lambda whole: b"",
    "cut off": lambda whole: whole[: len(whole) // 2],
    "cut off at the end": lambda whole: whole[:-10],
    "no archive": lambda whole: b"SQLite format 3\0" + whole[16:],
    "changed within the database": lambda whole: whole[:5000] + b"\xff" * 64 + whole[5064:],
}


@dataclass(frozen=True)
class DiskUsage:
    free: int


@pytest.fixture
async def elsewhere(
    request: pytest.FixtureRequest, shop: Settings, tmp_path: Path
) -> AsyncIterator[Settings]:
    """Settings of another place, which has an empty database and no files."""
    folder = str(tmp_path / "elsewhere" / "files")
    if not POSTGRES:
        url = f"sqlite://{tmp_path / 'elsewhere.db'}"
        yield replace(shop, database_url=url, files_folder=folder)
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    name = f"quintet_elsewhere_{uuid.uuid4().hex[:12]}"
    await on_server(f'CREATE DATABASE "{name}"')
    yield replace(shop, database_url=named(name), files_folder=folder)
    databases.drop(name)


def names_below(folder: Path) -> set[str]:
    return {each.name for each in folder.rglob("*") if each.is_file()}


async def orders() -> list[tuple[int, str]]:
    return [(each.id, str(each.status)) for each in await Order.all().order_by("id")]


async def test_a_backup_while_the_shop_sells_is_sound(
    ctx: Context, shop: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    level = await a_level_in_a_store(ctx, 500)
    guests = [await a_guest(ctx) for _ in range(6)]
    closing, sold = asyncio.Event(), asyncio.Semaphore(0)

    async def sell(guest: Context) -> None:
        while not closing.is_set():
            await a_paid_order(ctx, guest, level)
            await an_order(guest, level)
            sold.release()

    rush = [asyncio.create_task(sell(guest)) for guest in guests]
    for _ in guests:
        await sold.acquire()
    before = await Order.all().count()
    archives = [tmp_path / f"{number}.backup" for number in range(2)]
    manifests = await asyncio.gather(*(take(shop, each) for each in archives))
    closing.set()
    await asyncio.gather(*rush)
    after = await Order.all().count()
    await db.close()

    assert all(each.migrations == migrating.known() for each in manifests)
    await restore(elsewhere, archives[0])
    await db.connect(elsewhere.database_url)
    restored = replace(ctx, settings=elsewhere)
    assert before <= await Order.all().count() <= after
    assert await contradictions(restored) == []
    found = await restoring.examine(restored)
    assert (found.checked_levels, found.faults) == (1, ())
    # It goes on where it stopped: nothing is missing that the next sale needs.
    await a_paid_order(restored, guests[0], level)
    assert await contradictions(restored) == []


async def test_files_come_back_and_uploads_that_are_still_coming_in_do_not(
    shop: Settings, elsewhere: Settings, tmp_path: Path
) -> None:
    folder = Path(shop.files_folder)
    for name in ("7/results.jsonl", "7/订单.csv", "incoming/half"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    target = tmp_path / "shop.backup"
    await take(shop, target)
    assert target.stat().st_mode & 0o077 == 0
    await restore(elsewhere, target)
    there = Path(elsewhere.files_folder)
    assert names_below(there) == {"results.jsonl", "订单.csv"}
    assert (there / "7/订单.csv").read_text() == "7/订单.csv"
    bare = tmp_path / "bare.backup"
    assert list((await take(shop, bare, with_files=False)).members) == [DATABASE]


async def test_a_folder_that_is_missing_is_no_folder_without_files(
    shop: Settings, tmp_path: Path
) -> None:
    shutil.rmtree(shop.files_folder)
    target = tmp_path / "shop.backup"
    with pytest.raises(BackupFault, match=r"no folder of files at /.*--without-files"):
        await take(shop, target)
    assert names_below(tmp_path) == set()
    await take(shop, target, with_files=False)
    assert names_below(tmp_path) == {"shop.backup"}


@pytest.mark.parametrize("with_files", [True, False])
async def test_a_backup_without_files_empties_no_folder_unasked(
    shop: Settings, elsewhere: Settings, tmp_path: Path, with_files: bool
) -> None:
    target = tmp_path / "shop.backup"
    await take(shop, target, with_files=with_files)
    a_file(elsewhere, "7/file")
    there = Path(elsewhere.files_folder)
    await restore(elsewhere, target, force=True)
    assert names_below(there) == {"file"}
    await restore(elsewhere, target, force=True, empty_files=True)
    assert names_below(there) == (set() if with_files else {"file"})


@pytest.mark.parametrize("fails_at", [1, 2, 3, 4])
async def test_files_that_cannot_be_replaced_are_there_again(
    shop: Settings,
    elsewhere: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    fails_at: int,
) -> None:
    """A disk that is full at each of the moves: two files out, and two in."""
    for settings, names in ((shop, "12"), (elsewhere, "23")):
        for name in names:
            a_file(settings, f"{name}/file")
    target = tmp_path / "shop.backup"
    await take(shop, target)
    moves, move = itertools.count(1), shutil.move

    def moved(source: Path, to: Path) -> None:
        if next(moves) == fails_at:
            raise OSError(ENOSPC, "No space left on device")
        move(source, to)

    monkeypatch.setattr(shutil, "move", moved)
    with pytest.raises(BackupFault, match="is there again"):
        await restore(elsewhere, target, force=True)
    around = Path(elsewhere.files_folder).parent
    assert texts_below(around) == dict.fromkeys(
        ["files/2/file", "files/3/file"], elsewhere.files_folder
    )


async def test_what_cannot_be_moved_back_either_is_kept_beside(
    shop: Settings, elsewhere: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for settings in (shop, elsewhere):
        a_file(settings, "file")
    target = tmp_path / "shop.backup"
    await take(shop, target)
    moves, move = itertools.count(1), shutil.move

    def moved(source: Path, to: Path) -> None:
        if next(moves) > 1:
            raise OSError(ENOSPC, "No space left on device")
        move(source, to)

    monkeypatch.setattr(shutil, "move", moved)
    with pytest.raises(BackupFault, match=r"is kept in .*replaced-"):
        await restore(elsewhere, target, force=True)
    ((place, kept),) = texts_below(Path(elsewhere.files_folder).parent).items()
    assert place.startswith("replaced-")
    assert kept == elsewhere.files_folder


@pytest.mark.parametrize("full", ["database", "files"])
async def test_a_backup_is_refused_that_either_disk_is_too_small_for(
    shop: Settings,
    elsewhere: Settings,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    full: str,
) -> None:
    a_file(shop, "file", "x" * 1_000)
    target = tmp_path / "shop.backup"
    await take(shop, target)
    files = Path(elsewhere.files_folder).parent

    def usage(path: Path) -> DiskUsage:
        return DiskUsage(free=999 if (path == files) is (full == "files") else 10**12)

    monkeypatch.setattr(restoring, "disk_usage", usage)
    with pytest.raises(BackupFault, match="nothing was changed"):
        await restore(elsewhere, target)
    assert texts_below(files) == {}


async def test_nothing_is_replaced_unless_forced(
    database: str, ctx: Context, shop: Settings, tmp_path: Path
) -> None:
    level = await a_level_in_a_store(ctx, 5)
    target = tmp_path / "shop.backup"
    await take(shop, target)
    with pytest.raises(BackupFault, match="is there already"):
        await take(shop, target)
    await a_paid_order(ctx, await a_guest(ctx), level)
    with pytest.raises(BackupFault, match="not empty"):
        await restore(shop, target)
    with pytest.raises(BackupFault, match="stop every server and worker first"):
        await restore(shop, target, force=True)
    assert len(await orders()) == 1
    async with stopped(shop):
        await restore(shop, target, force=True)
    assert await orders() == []


@pytest.mark.parametrize("name", MAKE_UNREADABLE)
async def test_a_damaged_backup_replaces_nothing(
    ctx: Context, shop: Settings, tmp_path: Path, name: str
) -> None:
    await an_order(await a_guest(ctx), await a_level_in_a_store(ctx, 5))
    target = tmp_path / "shop.backup"
    await take(shop, target)
    target.write_bytes(MAKE_UNREADABLE[name](target.read_bytes()))
    async with stopped(shop):
        with pytest.raises(BackupFault, match=r"damaged|cut off|no backup"):
            await restore(shop, target, force=True)
    assert len(await orders()) == 1
    assert names_below(tmp_path) == {"shop.backup"}


def rewritten(source: Path, target: Path, **changes: Any) -> Path:
    """The same archive with another manifest; `members` adds files that are none of it."""
    added: dict[str, bytes] = changes.pop("members", {})
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(target, "w") as written:
        manifest = json.loads(read.read(MANIFEST)) | changes
        for name in manifest["members"]:
            written.writestr(name, read.read(name))
        for name, content in added.items():
            written.writestr(name, content)
            manifest["members"][name] = {"bytes": len(content), "sha256": "0" * 64}
        written.writestr(MANIFEST, json.dumps(manifest))
    return target


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"version": "99.0.0"}, "made by version 99.0.0"),
        ({"migrations": ["0001_initial", "9999_later"]}, "9999_later"),
        ({"format_version": 2}, "format 2 is not known"),
        ({"format": "other"}, "no manifest of a backup"),
        ({"migrations": 5}, "names no database"),
        ({"database": "oracle"}, "is of oracle"),
        ({"members": {f"{FILES}../../escaped": b"x"}}, "outside its folder"),
        ({"members": {"/etc/escaped": b"x"}}, "outside its folder"),
        ({"members": {f"{FILES}a": b"x"}}, "not what the manifest says"),
        ({"members": {FILES: b"x"}}, "damaged at files/"),
        ({"members": {f"{FILES}a": b"x", f"{FILES}./a": b"x"}}, "damaged|not what"),
        ({"members": {f"{FILES}a\0b": b"x"}}, "damaged"),
        ({"version": 1}, "says no version"),
        ({"migrations": [{}]}, "says no version"),
    ],
)
async def test_what_is_newer_or_forged_is_refused(
    shop: Settings, elsewhere: Settings, tmp_path: Path, changes: dict[str, Any], fault: str
) -> None:
    source = tmp_path / "shop.backup"
    await take(shop, source)
    forged = rewritten(source, tmp_path / "forged.backup", **changes)
    with pytest.raises(BackupFault, match=fault):
        await restore(elsewhere, forged)
    assert not (tmp_path / "escaped").exists()
    assert names_below(tmp_path) == {"shop.backup", "forged.backup"}
    assert not POSTGRES or await postgres_dump.is_empty(elsewhere.database_url)


@pytest.mark.parametrize(
    ("length", "fault"), [(10, "longer than the manifest says"), (10**18, "backup needs")]
)
async def test_a_bomb_is_refused_before_it_fills_the_disk(
    shop: Settings, elsewhere: Settings, tmp_path: Path, length: int, fault: str
) -> None:
    source, bomb = tmp_path / "shop.backup", tmp_path / "bomb.backup"
    await take(shop, source)
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as into:
        manifest = json.loads(read.read(MANIFEST))
        for name in manifest["members"]:
            into.writestr(name, read.read(name))
        into.writestr(f"{FILES}bomb", bytes(50_000_000))
        manifest["members"][f"{FILES}bomb"] = {"bytes": length, "sha256": "0" * 64}
        into.writestr(MANIFEST, json.dumps(manifest))
    with pytest.raises(BackupFault, match=fault):
        await restore(elsewhere, bomb)
    assert names_below(tmp_path) == {"shop.backup", "bomb.backup"}


async def test_what_is_no_backup_or_no_database(shop: Settings, tmp_path: Path) -> None:
    with pytest.raises(BackupFault, match="There is no file"):
        await restore(shop, tmp_path / "none")
    nowhere = replace(shop, database_url=f"sqlite://{tmp_path / 'none.db'}")
    with pytest.raises(BackupFault, match="There is no database"):
        await take(nowhere, tmp_path / "a.backup")
    (tmp_path / "none.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(BackupFault, match="cannot be copied"):
        await take(nowhere, tmp_path / "a.backup")
    assert names_below(tmp_path) == {"none.db"}


@pytest.mark.skipif(not POSTGRES, reason="pg_dump is for PostgreSQL")
async def test_without_the_programs_of_postgres_it_is_said_so(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(BackupFault, match="pg_dump is not installed"):
        await take(shop, tmp_path / "a.backup")


FAILING_AT_THE_END = """#!/bin/sh
case "$1" in --list) exec {program} "$@" ;; esac
{program} "$@"
echo "the disk is full" >&2
exit 1
"""


@pytest.mark.skipif(not POSTGRES, reason="SQLite replaces the file at once")
async def test_a_restore_that_fails_leaves_postgres_as_it_was(
    ctx: Context, shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await an_order(await a_guest(ctx), await a_level_in_a_store(ctx, 5))
    target = tmp_path / "shop.backup"
    await take(shop, target)
    program = tmp_path / "pg_restore"
    program.write_text(FAILING_AT_THE_END.format(program=shutil.which("pg_restore")))
    program.chmod(0o700)
    monkeypatch.setattr(shutil, "which", lambda _: str(program))
    async with stopped(shop):
        with pytest.raises(BackupFault, match="the disk is full"):
            await restore(shop, target, force=True)
    assert len(await orders()) == 1
