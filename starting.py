"""Starting a server or worker: check the database, bind the address, serve, and stop in order."""

from __future__ import annotations

import asyncio
import gc
import socket
import sys
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from gateways.telemetry.announcements import announce, warn
from gateways.telemetry.logs import configure_logging
from gateways.telemetry.tracing import check_tracing
from models import database
from models.migrating import migrate, pending
from models.opening import check, check_path, sentence_of
from resolvers.accounts.bootstrap import ensure_platform
from resolvers.context import SYSTEM, Context
from resolvers.demo.credentials import ADMINISTRATOR, MEND_DEMO, public_credentials
from resolvers.demo.credentials import sentence_of as sentence_of_demo
from resolvers.private_files import private_folder
from serving.listening import listen_on
from serving.running import Interrupted, run
from serving.running import serve as serve_until_stopped
from serving.stopping import Signals
from serving.workers import Workers
from settings import Settings, check_exposure, share_metrics
from settings_exposure import production_warnings

# The time that a start waits for a database that accepts connections and does not respond.
OPEN_SECONDS = 10.0
T = TypeVar("T")


class Stop(Exception):
    """The command cannot continue; the message is a sentence for its user."""


def say(sentence: object) -> int:
    """Print the reason to stderr, after all other output, and return the exit code."""
    sys.stdout.flush()
    print(sentence, file=sys.stderr, flush=True)
    return 2


def refuse_planting(settings: Settings) -> None:
    """Refuse the demo chain in production. Raises: Stop."""
    if settings.is_production:
        raise Stop("The demo chain has well-known passwords: it is not for production.")


def check_payment_accounts(settings: Settings) -> None:
    """Open the payment accounts and close them again.

    Raises: SettingsError for a file of accounts, or a key, that cannot be read.
    """
    if settings.payment_accounts:
        from gateways.http import ProviderHttp
        from gateways.payment_accounts.accounts import open_accounts

        open_accounts(settings.payment_accounts, ProviderHttp())


def serve(settings: Settings, *, migrates: bool, demo: bool) -> None:
    """Serve until a signal. Raises: Stop, CannotListen, SettingsError, Interrupted."""
    if demo:
        refuse_planting(settings)
    check_tracing(settings)
    check_payment_accounts(settings)
    configure_logging(settings.log_level, json=settings.log_format == "json")
    if warning := check_exposure(settings):
        warn(warning, settings.log_format)
    sockets = listen_on(settings.host, settings.port)
    gc.disable()  # imported objects are permanent
    from server import timing_of

    gc.freeze()
    gc.enable()
    patience = timing_of(settings).patience
    prepare = partial(_prepare, settings, migrates=migrates, demo=demo)
    if settings.workers == 1:
        run(partial(_serve_alone, settings, prepare, sockets), patience)
        return
    welcome: list[str] = []

    async def look(signals: Signals) -> None:
        welcome.append(await prepare())

    run(look, patience)
    with tempfile.TemporaryDirectory() as folder:
        share_metrics(folder)
        workers = Workers(
            settings.workers,
            serve_one_of_many,
            sockets,
            patience_seconds=patience,
            announce=lambda: _welcome(settings, welcome[0]),
        )
        if code := workers.run():
            raise SystemExit(code)


async def _serve_alone(
    settings: Settings,
    prepare: Callable[[], Awaitable[str]],
    sockets: Sequence[socket.socket],
    signals: Signals,
) -> None:
    from server import make_app, server_of

    welcome = await prepare()
    greet = partial(_welcome, settings, welcome)
    await serve_until_stopped(server_of(settings, make_app(settings), greet), sockets, signals)


def serve_one_of_many(sockets: Sequence[socket.socket], started: Callable[[], None]) -> int:
    """Serve in one of several processes, with the settings of the environment; return its exit code."""
    from server import make_app, server_of, timing_of

    settings = Settings.from_environment()

    async def work(signals: Signals) -> None:
        server = server_of(settings, make_app(settings), started)
        await serve_until_stopped(server, sockets, signals)

    try:
        run(work, timing_of(settings).patience, has_parent=True)
    except Interrupted as interrupted:
        return 128 + interrupted.number
    except Exception as error:
        sentence = sentence_of(error, settings.database_url)
        if not sentence:
            raise
        return say(sentence)
    return 0


def _welcome(settings: Settings, lines: str) -> None:
    announce(f"Quintet serves GraphQL at {settings.base_url}/graphql", settings.log_format)
    if lines:
        announce(lines, settings.log_format)
    from gateways.wiring import make_gateways

    for warning in production_warnings(settings, make_gateways(settings)):
        warn(warning, settings.log_format)


def work(settings: Settings) -> None:
    from server_process import timing_of
    from worker_process import work_until_stopped

    check_tracing(settings)
    check_payment_accounts(settings)
    configure_logging(settings.log_level, json=settings.log_format == "json")
    port = settings.worker_port
    sockets = listen_on(settings.host, port, "QUINTET_WORKER_PORT") if port else []

    async def forever(signals: Signals) -> None:
        async def begin(ctx: Context) -> None:
            """Check only that the database is migrated and no demo."""
            await _soon(refuse_demo(settings))

        await with_database(settings, begin)
        await work_until_stopped(settings, sockets, signals)

    run(forever, timing_of(settings).patience)


async def _prepare(settings: Settings, *, migrates: bool, demo: bool) -> str:
    """Prepare the database for serving; return further lines to announce."""
    lines: list[str] = []

    async def prepare(ctx: Context) -> None:
        if missing := await _soon(pending()):
            if database.is_postgres() and not migrates:
                raise Stop(
                    f"The database lacks migrations: {', '.join(missing)}."
                    " Run python cli.py migrate, or serve --migrate."
                )
            await migrate_and_index()
        await _soon(refuse_demo(settings))
        await make_files_folder(settings)
        if demo:
            from resolvers.demo.chain import (
                PASSWORD,
                demo_sign_ins,
                plant_demo_chain,
                renew_demo_code,
            )

            await ensure_platform(
                settings.admin_username or ADMINISTRATOR, settings.admin_password or PASSWORD
            )
            await plant_demo_chain(ctx)
            await renew_demo_code(ctx)
            lines.append(demo_sign_ins())
        elif await _soon(ensure_platform(settings.admin_username, settings.admin_password)):
            lines.append(
                f"{settings.admin_username} was made administrator of the platform, with the password of"
                " QUINTET_ADMIN_PASSWORD: take both variables out of the settings."
            )

    await with_database(settings, prepare, checked=False)
    return "\n".join(lines)


async def make_files_folder(settings: Settings) -> None:
    """Create the files folder if it is missing, so that a backup finds it; `doctor` reports a failure."""
    with suppress(OSError):
        await asyncio.to_thread(private_folder, Path(settings.files_folder))


async def refuse_demo(settings: Settings) -> None:
    """Refuse in production a database that the demo's credentials open. Raises: Stop."""
    if settings.is_production and (found := await public_credentials(settings)):
        raise Stop(f"{sentence_of_demo(found)} It is not for production. {MEND_DEMO}")


async def with_database(
    settings: Settings,
    task: Callable[[Context], Awaitable[None]],
    *,
    checked: bool = True,
    any_keys: bool = False,
) -> None:
    """Run `task` with the database open.

    Unless `checked` is false, SQLite is migrated first and PostgreSQL must have been migrated. `any_keys`:
    also if the data keys do not decrypt it. Raises: Stop, DatabaseUnfit.
    """
    from gateways.wiring import make_gateways

    check_path(settings.database_url)
    await _soon(database.connect(settings.database_url, **settings.database_options))
    try:
        await _soon(check(settings.database_url, any_keys=any_keys))
        missing = await _soon(pending()) if checked else []
        if missing:
            if database.is_postgres():
                raise Stop("The database lacks migrations. Run python cli.py migrate first.")
            await migrate_and_index()
        gateways = make_gateways(settings)
        try:
            await task(Context(settings=settings, gateways=gateways, actor=SYSTEM))
        finally:
            await gateways.close_providers()
    finally:
        await database.close()


async def _soon(answer: Awaitable[T]) -> T:
    """Await a response of the database. Raises: TimeoutError when it does not respond."""
    async with asyncio.timeout(OPEN_SECONDS):
        return await answer


async def migrate_and_index() -> list[str]:
    """Apply missing migrations and fill new indexes; return the names of the migrations."""
    if applied := await migrate():
        from resolvers.catalog.search.indexing import ensure_index
        from resolvers.stores.indexing import ensure_folded

        await ensure_index()
        await ensure_folded()
    return applied
