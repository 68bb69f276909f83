"""The command line; each command calls a use case and contains no logic."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Callable, Sequence
from getpass import getpass
from pathlib import Path

import cli_operations
from models.errors import Refusal
from models.opening import sentence_of
from resolvers.accounts.bootstrap import ensure_platform, reset_administrator
from resolvers.accounts.identity import first_merchant
from resolvers.context import Context
from serving.listening import CannotListen
from serving.running import Interrupted
from settings import Settings, SettingsError, name_administrator, override
from starting import Stop, migrate_and_index, refuse_planting, say, serve, with_database, work

SNAPSHOT = Path(__file__).parent / "schema" / "schema.graphql"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    given = _parser().parse_args(arguments)
    settings = None
    try:
        settings = _settings(given)
        given.run(settings, given)
    except cli_operations.Failed:
        return 1
    except SettingsError as fault:
        if given.run is not cli_operations.doctor or settings:
            return say(fault)
        return cli_operations.doctor_of_bad_settings(fault, given)
    except (Stop, CannotListen) as error:
        return say(error)
    except Interrupted as interrupted:
        return 128 + interrupted.number
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        sentence = settings and sentence_of(error, settings.database_url)
        if not sentence:
            raise
        return say(sentence)
    return 0


def run_server(settings: Settings, given: argparse.Namespace) -> None:
    serve(settings, migrates=given.migrate, demo=given.demo)


def run_worker(settings: Settings, given: argparse.Namespace) -> None:
    work(settings)


def run_migrations(settings: Settings, given: argparse.Namespace) -> None:
    async def apply(ctx: Context) -> None:
        applied = await migrate_and_index()
        print("\n".join(f"Applied {name}." for name in applied) or "Nothing to migrate.")

    asyncio.run(with_database(settings, apply, checked=False))


def seed(settings: Settings, given: argparse.Namespace) -> None:
    refuse_planting(settings)

    async def plant(ctx: Context) -> None:
        from resolvers.demo.chain import plant_demo_chain

        await ensure_platform(settings.admin_username, settings.admin_password)
        planted = await plant_demo_chain(ctx)
        print("Planted." if planted else "There is a merchant already: nothing was planted.")

    asyncio.run(with_database(settings, plant))


def reset_admin(settings: Settings, given: argparse.Namespace) -> None:
    async def reset(ctx: Context) -> None:
        password = settings.admin_password or asked_twice()
        try:
            await reset_administrator(given.username, password)
        except Refusal as refusal:
            raise Stop(str(refusal)) from None
        print(f"{given.username} administers the platform, and must sign in anew.")

    asyncio.run(with_database(settings, reset))


def import_rows(settings: Settings, given: argparse.Namespace) -> None:
    from models.integrations.bulk import BulkKind
    from resolvers.integrations.bulk.imports import ImportFile, import_file
    from resolvers.integrations.files.file_forms import FileEncoding
    from schema.integrations.bulk_rows import draft_of

    kind = {"products": BulkKind.CATALOG}.get(given.what) or BulkKind(given.what.upper())
    encoding = FileEncoding(given.encoding) if given.encoding else None
    file = ImportFile(Path(given.file), kind, encoding, given.demo)

    async def read(ctx: Context) -> None:
        from rich.progress import Progress

        await ensure_platform(settings.admin_username, settings.admin_password)
        ctx.merchant_id = await first_merchant()
        with Progress(transient=True) as progress:
            task = progress.add_task(f"Importing {given.what}", total=None)
            report = await import_file(
                ctx,
                file,
                draft_of,
                lambda done, total: progress.update(task, completed=done, total=total),
            )
        if report.rows or report.ended is None:
            print(report)
        if verdict := report.verdict():
            raise Stop(verdict)

    asyncio.run(with_database(settings, read))


def rotate_keys(settings: Settings, given: argparse.Namespace) -> None:
    from models.opening import mend_of
    from resolvers.background.key_rotation import left, rotate, unreadable

    async def run(ctx: Context) -> None:
        if not given.check:
            print(await rotate(ctx))
        if remaining := await left():
            lines = [f"{name}: {count} left." for name, count in remaining.items()]
            if lost := await unreadable():
                lines += [f"Cannot be read: {each}." for each in lost]
                raise Stop("\n".join([*lines, *dict.fromkeys(mend_of(each.kid) for each in lost)]))
            lines.append("Keep the old keys in QUINTET_DATA_KEYS and run this again.")
            raise Stop("\n".join(lines))
        if settings.data_keys:
            print("Nothing is left: keys behind the first may be taken out of QUINTET_DATA_KEYS.")
        else:
            print(
                "Nothing is left. QUINTET_DATA_KEYS is not set: the public key of development is used."
            )

    asyncio.run(with_database(settings, run, any_keys=True))


def write_schema(settings: Settings, given: argparse.Namespace) -> None:
    from schema import schema
    from schema.accounts import roles_page
    from schema.cost import table
    from schema.describing import client_caches

    for path, text in (
        (SNAPSHOT, schema.as_str() + "\n"),
        (table.PAGE, table.written(schema._schema)),
        (roles_page.PAGE, roles_page.written(schema._schema)),
        (client_caches.PAGE, client_caches.written(schema._schema)),
    ):
        if not given.check:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            raise Stop(f"{path.name} does not match the schema of this code: run make schema.")


def asked_twice() -> str:
    """Prompt twice for a new password without echo. Raises: Stop."""
    if not sys.stdin.isatty():
        raise Stop("Set QUINTET_ADMIN_PASSWORD, or run this at a terminal, which is asked for it.")
    password = getpass("New password: ")
    if getpass("Once more: ") != password:
        raise Stop("These were two different passwords: nothing was changed.")
    return password


def _settings(given: argparse.Namespace) -> Settings:
    if given.run is reset_admin:
        name_administrator(given.username)
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
        added.add_argument("--database-url", help="overrides QUINTET_DATABASE_URL")
        added.set_defaults(run=run)
        return added

    serving = command("serve", run_server, "Serve the API.")
    serving.add_argument("--host")
    serving.add_argument("--port", type=int)
    serving.add_argument("--workers", type=int, help="server processes (PostgreSQL only)")
    serving.add_argument("--demo", action="store_true", help="plant a demo chain when empty")
    serving.add_argument("--migrate", action="store_true", help="apply missing migrations first")
    command("worker", run_worker, "Run background work in its own process.")
    command("migrate", run_migrations, "Apply missing migrations.")
    command("seed", seed, "Plant the demo chain into an empty database.")
    resetting = command("admin", reset_admin, "Create an administrator, or reset one's password.")
    resetting.add_argument("username")
    importing = command("import", import_rows, "Import a CSV, XLSX or JSONL file.")
    importing.add_argument("what", choices=["stores", "products", "prices", "stock"])
    importing.add_argument("file")
    importing.add_argument(
        "--encoding", choices=["UTF_8", "UTF_16", "GB18030"], help="do not detect the encoding"
    )
    importing.add_argument("--demo", action="store_true", help="invent missing prices")
    _add_checks(command)
    cli_operations.add_commands(command)
    return parser


def _add_checks(command: Callable[..., argparse.ArgumentParser]) -> None:
    """Add the commands that write something, or only `--check` it."""
    rotating = command(
        "rotate-keys", rotate_keys, "Re-encrypt personal data with the first of QUINTET_DATA_KEYS."
    )
    rotating.add_argument(
        "--check", action="store_true", help="only count the remaining values, exit 2 if any"
    )
    printing = command("schema", write_schema, "Write the schema snapshot and the table of costs.")
    printing.add_argument(
        "--check", action="store_true", help="only compare the files, exit 2 if different"
    )


if __name__ == "__main__":
    sys.exit(main())
