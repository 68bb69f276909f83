"""The command line. It owns no logic.

serve · worker · migrate · seed · import · schema, and the operator's doctor · backup · restore.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from tortoise.exceptions import DBConnectionError

import cli_operations
from cli_operations import Stop
from gateways.tracing import check_tracing
from models import database
from models.migrating import migrate, pending
from resolvers.accounts.bootstrap import ensure_platform
from resolvers.accounts.identity import first_merchant
from resolvers.context import SYSTEM, Context
from settings import Settings, SettingsError, override, share_metrics

SNAPSHOT = Path(__file__).parent / "schema" / "schema.graphql"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; answers its exit code."""
    given = _parser().parse_args(arguments)
    try:
        _run(given)
    except cli_operations.Failed:
        return 1
    except (SettingsError, Stop) as error:
        print(error, file=sys.stderr)
        return 2
    except (OSError, DBConnectionError) as error:
        print(f"The database or the network does not answer: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def _run(given: argparse.Namespace) -> None:
    try:
        settings = _settings(given)
    except SettingsError as fault:
        if given.run is not cli_operations.doctor:
            raise
        cli_operations.doctor_of_bad_settings(fault, given)
    else:
        given.run(settings, given)


def serve(settings: Settings, given: argparse.Namespace) -> None:
    check_tracing(settings)
    gc.disable()  # whatever is loaded stays
    from server import make_app

    gc.freeze()
    gc.enable()
    welcome = asyncio.run(_prepare(settings, given))
    print(welcome, flush=True)
    options: dict[str, Any] = {
        "host": settings.host,
        "port": settings.port,
        "log_config": None,
        "access_log": False,
        "ws_max_size": settings.request_limit_bytes,
        "timeout_graceful_shutdown": 10,
        "timeout_keep_alive": 75,  # longer than a proxy keeps its connections, which is 60 as a rule
    }
    if settings.workers == 1:
        uvicorn.run(make_app(settings), **options)
        return
    with tempfile.TemporaryDirectory() as folder:
        share_metrics(folder)
        uvicorn.run("server:app", workers=settings.workers, **options)


def work(settings: Settings, given: argparse.Namespace) -> None:
    from resolvers.worker import run
    from schema.integrations.bulk_rows import draft_of
    from schema.messages import translate

    async def forever(ctx: Context) -> None:
        await ctx.gateways.bus.start()
        print("Working. Stop with Ctrl-C.", flush=True)
        try:
            await run(ctx, draft_of, translate)
        finally:
            await ctx.gateways.bus.stop()

    asyncio.run(_with_database(settings, forever))


def run_migrations(settings: Settings, given: argparse.Namespace) -> None:
    async def apply(ctx: Context) -> None:
        applied = await _migrate()
        print("\n".join(f"Applied {name}." for name in applied) or "Nothing to migrate.")

    asyncio.run(_with_database(settings, apply, checked=False))


async def _migrate() -> list[str]:
    """Apply what is not applied, and index what a new index has not."""
    if applied := await migrate():
        from resolvers.catalog.indexing import ensure_index

        await ensure_index()
    return applied


def seed(settings: Settings, given: argparse.Namespace) -> None:
    async def plant(ctx: Context) -> None:
        from resolvers.demo.chain import plant_demo_chain

        await ensure_platform(settings.admin_username, settings.admin_password)
        planted = await plant_demo_chain(ctx)
        print("Planted." if planted else "There is a merchant already: nothing was planted.")

    asyncio.run(_with_database(settings, plant))


def import_file(settings: Settings, given: argparse.Namespace) -> None:
    from resolvers.integrations import imports

    use_case = {
        "stores": imports.import_stores,
        "products": imports.import_products,
        "stock": imports.import_stock,
    }[given.what]

    async def read(ctx: Context) -> None:
        from rich.progress import Progress

        await ensure_platform(settings.admin_username, settings.admin_password)
        ctx.merchant_id = await first_merchant()
        with Progress(transient=True) as progress:
            task = progress.add_task(f"Importing {given.what}", total=None)
            report = await use_case(
                ctx,
                Path(given.file),
                lambda done, total: progress.update(task, completed=done, total=total),
            )
        print(report)
        if report.failed:
            raise Stop(f"{len(report.failed)} rows were not imported.")

    asyncio.run(_with_database(settings, read))


def write_schema(settings: Settings, given: argparse.Namespace) -> None:
    from schema import schema

    text = schema.as_str() + "\n"
    if given.check and (not SNAPSHOT.exists() or SNAPSHOT.read_text() != text):
        raise Stop("schema/schema.graphql is not the schema of this code: run make schema.")
    if not given.check:
        SNAPSHOT.write_text(text)


async def _prepare(settings: Settings, given: argparse.Namespace) -> str:
    """Bring the database up for serving; answers what to tell the person at the terminal."""
    lines: list[str] = []

    async def prepare(ctx: Context) -> None:
        if missing := await pending():
            if database.is_postgres() and not given.migrate:
                raise Stop(
                    f"The database lacks migrations: {', '.join(missing)}."
                    " Run python cli.py migrate, or serve --migrate."
                )
            await _migrate()
        if given.demo:
            if settings.is_production:
                raise Stop("The demo chain has well-known passwords: it is not for production.")
            from resolvers.demo.chain import PASSWORD, demo_sign_ins, plant_demo_chain

            await ensure_platform(
                settings.admin_username or "admin", settings.admin_password or PASSWORD
            )
            await plant_demo_chain(ctx)
            lines.append(demo_sign_ins())
        else:
            await ensure_platform(settings.admin_username, settings.admin_password)

    await _with_database(settings, prepare, checked=False)
    address = f"Quintet serves GraphQL at {settings.base_url}/graphql"
    return "\n".join([address, *lines])


async def _with_database(
    settings: Settings, task: Callable[[Context], Awaitable[None]], *, checked: bool = True
) -> None:
    from server import make_gateways

    await database.connect(settings.database_url, **settings.database_options)
    try:
        if checked and await pending():
            if database.is_postgres():
                raise Stop("The database lacks migrations. Run python cli.py migrate first.")
            await _migrate()
        await task(Context(settings=settings, gateways=make_gateways(settings), actor=SYSTEM))
    finally:
        await database.close()


def _settings(given: argparse.Namespace) -> Settings:
    names = ("database_url", "host", "port", "workers")
    override(**{name: getattr(given, name, None) for name in names})
    return Settings.from_environment()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="quintet", description="Serve and look after a Quintet installation."
    )
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(name: str, run: Callable[..., None], says: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=says, description=says)
        added.add_argument("--database-url", help="instead of QUINTET_DATABASE_URL")
        added.set_defaults(run=run)
        return added

    serving = command("serve", serve, "Serve the API.")
    serving.add_argument("--host")
    serving.add_argument("--port", type=int)
    serving.add_argument("--workers", type=int, help="server processes (PostgreSQL only)")
    serving.add_argument("--demo", action="store_true", help="plant a demo chain when empty")
    serving.add_argument("--migrate", action="store_true", help="apply missing migrations first")
    command("worker", work, "Run jobs and sweepers, apart from the servers.")
    command("migrate", run_migrations, "Apply missing migrations.")
    command("seed", seed, "Plant the demo chain into an empty database.")
    importing = command("import", import_file, "Import stores, products or stock from a CSV file.")
    importing.add_argument("what", choices=["stores", "products", "stock"])
    importing.add_argument("file")
    printing = command("schema", write_schema, "Write the schema snapshot.")
    printing.add_argument("--check", action="store_true", help="only compare, exit 2 if different")
    cli_operations.add_commands(command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
