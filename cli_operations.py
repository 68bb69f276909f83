"""The operator's commands doctor, backup and restore; they contain no logic."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from tortoise.exceptions import BaseORMException

from gateways.redis_client import answers as redis_answers
from models import database, migrating
from models.config import sqlite_path
from models.opening import DatabaseUnfit, check_path
from resolvers.backups.restoring import Soundness
from resolvers.context import SYSTEM, Context
from resolvers.health.checks import examine
from resolvers.health.findings import Finding, Level, error, ok, worst
from settings import Settings, SettingsError
from starting import Stop, migrate_and_index

MARKS = {Level.OK: "[green]✓[/]", Level.WARNING: "[yellow]![/]", Level.ERROR: "[red]✗[/]"}
MEND_SETTINGS = "Correct the environment; docs/settings.md lists every variable."
MEND_DATABASE = "Start it, or correct QUINTET_DATABASE_URL."


class Failed(Exception):
    """The command ran, found faults and has printed them."""


def add_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands to the command line."""
    examining = command("doctor", doctor, "Check settings, database, worker, Redis, disks.")
    examining.add_argument("--json", action="store_true", help="print the findings as JSON")
    taking = command("backup", back_up, "Write database and files to one archive, while serving.")
    taking.add_argument("file")
    taking.add_argument("--without-files", action="store_true", help="exclude the files folder")
    restoring = command(
        "restore", restore, "Restore a backup; every server and worker must be stopped."
    )
    restoring.add_argument("file")
    restoring.add_argument(
        "--force", action="store_true", help="replace the existing database and files"
    )
    restoring.add_argument(
        "--any-keys",
        action="store_true",
        help="restore data that QUINTET_DATA_KEYS cannot decrypt, too",
    )
    restoring.add_argument(
        "--empty-files",
        action="store_true",
        help="empty the files folder if it was empty in the backup",
    )


def doctor(settings: Settings, given: argparse.Namespace) -> None:
    """Examine the installation. Raises: Failed when something is wrong."""
    findings = asyncio.run(_examined(settings))
    show([ok("settings", "Every setting makes sense."), *findings], as_json=given.json)


def doctor_of_bad_settings(fault: SettingsError, given: argparse.Namespace) -> int:
    """Print what is wrong with settings that cannot be read, and return the exit code."""
    try:
        show([error("settings", str(fault), MEND_SETTINGS)], as_json=given.json)
    except Failed:
        return 1
    return 0


def show(findings: list[Finding], *, as_json: bool) -> None:
    """Print the findings. Raises: Failed when one is an error."""
    if as_json:
        print(
            json.dumps({"status": worst(findings), "findings": [asdict(each) for each in findings]})
        )
    else:
        console = Console(highlight=False, soft_wrap=True)
        for each in findings:
            console.print(
                f"{MARKS[each.level]} [bold]{each.name}[/]:", each.says.replace("[", "\\[")
            )
            if each.mend:
                console.print("    →", each.mend.replace("[", "\\["))
    if worst(findings) is Level.ERROR:
        raise Failed


def back_up(settings: Settings, given: argparse.Namespace) -> None:
    """Write a backup archive. Raises: Stop."""
    from resolvers.backups.archive import BackupFault
    from resolvers.backups.taking import take

    try:
        manifest = asyncio.run(
            take(settings, Path(given.file).absolute(), with_files=not given.without_files)
        )
    except BackupFault as fault:
        raise Stop(str(fault)) from fault
    size = Path(given.file).stat().st_size
    print(
        f"{given.file}: {manifest.database} and {len(manifest.members) - 1} files as of"
        f" {manifest.taken_at}, {size / 1_000_000:.1f} MB."
        " Keep QUINTET_SECRET_KEY and QUINTET_DATA_KEYS, and keep them apart from it."
    )


def restore(settings: Settings, given: argparse.Namespace) -> None:
    """Restore a backup archive and audit the stock. Raises: Stop, Failed when the audit finds faults."""
    from resolvers.backups import files_folder, restoring
    from resolvers.backups.archive import BackupFault

    try:
        manifest = asyncio.run(
            restoring.restore(
                settings,
                Path(given.file).absolute(),
                force=given.force,
                any_keys=given.any_keys,
                empty_files=given.empty_files,
            )
        )
    except BackupFault as fault:
        raise Stop(str(fault)) from fault
    print(f"Restored what version {manifest.version} had at {manifest.taken_at}.")
    folder = Path(settings.files_folder).absolute()
    if not manifest.holds_files and files_folder.holds_files(folder):
        print(f"The backup holds no files: those in {folder} are as they were.")
    found = asyncio.run(_audited(settings))
    if found.faults:
        print("The stock audit finds faults:", *found.faults[:20], sep="\n  ")
        raise Failed
    print(f"The stock audit of {found.checked_levels} levels finds nothing.")


async def _audited(settings: Settings) -> Soundness:
    from gateways.wiring import make_gateways
    from resolvers.backups.restoring import examine as examine_stock

    await database.connect(settings.database_url, **settings.database_options)
    try:
        await migrate_and_index()
        gateways = make_gateways(settings)
        return await examine_stock(Context(settings=settings, gateways=gateways, actor=SYSTEM))
    finally:
        await database.close()


async def _examined(settings: Settings) -> list[Finding]:
    from gateways.wiring import make_gateways

    ctx = Context(settings=settings, gateways=make_gateways(settings), actor=SYSTEM)
    if fault := await _connecting_fault(settings):
        return [fault, *await examine(ctx, redis_answers, connected=False, behind=True)]
    try:
        behind = bool(await migrating.pending())
        return await examine(ctx, redis_answers, connected=True, behind=behind)
    finally:
        await database.close()


async def _connecting_fault(settings: Settings) -> Finding | None:
    """Connect without ever creating a file; return the reason if that fails."""
    url = settings.database_url
    try:
        check_path(url)
    except DatabaseUnfit as unfit:
        return error("database", str(unfit), "Correct QUINTET_DATABASE_URL.")
    if url.startswith("sqlite://") and not Path(sqlite_path(url)).exists():  # noqa: ASYNC240 - once
        return error("database", "There is no such file yet.", "Run: python cli.py migrate")
    try:
        async with asyncio.timeout(10):
            await database.connect(url, **settings.database_options)
            await database.fetch("SELECT 1")
    except (OSError, TimeoutError, BaseORMException) as failed:
        says = f"The database does not answer: {type(failed).__name__}: {failed}"
        return error("database", " ".join(says.split())[:300], MEND_DATABASE)
    return None
