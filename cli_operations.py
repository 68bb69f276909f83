"""The commands of an operator: doctor · backup · restore. They own no logic."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from tortoise.exceptions import BaseORMException

from gateways.redis_probe import redis_answers
from models import database, migrating
from models.config import sqlite_path
from resolvers.context import SYSTEM, Context
from resolvers.health.checks import examine
from resolvers.health.findings import Finding, Level, error, ok, worst
from settings import Settings, SettingsError

MARKS = {Level.OK: "[green]✓[/]", Level.WARNING: "[yellow]![/]", Level.ERROR: "[red]✗[/]"}
MEND_SETTINGS = "Correct the environment; docs/settings.md lists every variable."
MEND_DATABASE = "Start it, or correct QUINTET_DATABASE_URL."


class Failed(Exception):
    """The command ran and found faults; it has said them."""


def add_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Declare the commands to the command line."""
    examining = command("doctor", doctor, "Check settings, database, worker, Redis, disks.")
    examining.add_argument("--json", action="store_true", help="print the findings as JSON")


def doctor(settings: Settings, given: argparse.Namespace) -> None:
    """Raises: Failed when something is wrong."""
    findings = asyncio.run(_examined(settings))
    show([ok("settings", "Every setting makes sense."), *findings], as_json=given.json)


def doctor_of_bad_settings(fault: SettingsError, given: argparse.Namespace) -> None:
    """Raises: Failed."""
    show([error("settings", str(fault), MEND_SETTINGS)], as_json=given.json)


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


async def _examined(settings: Settings) -> list[Finding]:
    from server import make_gateways

    ctx = Context(settings=settings, gateways=make_gateways(settings), actor=SYSTEM)
    if fault := await _connecting_fault(settings):
        return [fault, *await examine(ctx, redis_answers, connected=False, behind=True)]
    try:
        behind = bool(await migrating.pending())
        return await examine(ctx, redis_answers, connected=True, behind=behind)
    finally:
        await database.close()


async def _connecting_fault(settings: Settings) -> Finding | None:
    """Connect; return why that cannot be done. Never makes a file."""
    url = settings.database_url
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
