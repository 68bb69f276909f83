"""A fresh, migrated database for each test that asks for one: SQLite, or PostgreSQL where named.

`QUINTET_TEST_DATABASE_URL=postgres://…` runs the same tests on PostgreSQL. A template is migrated once for
all workers; `tests/make/databases.py` says how each test gets what looks like a copy of its own.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import secrets
import shutil
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from models import database as db
from models.accounts import passwords
from models.engine.query_cache import PostgresQueryCache
from models.migrating import migrate
from resolvers.accounts.bootstrap import ensure_platform
from resolvers.context import Context
from server import create_app, server_of
from serving.listening import listen_on
from settings import Settings
from tests.make.api import Api
from tests.make.databases import MEMORY, POSTGRES, PostgresDatabases, named
from tests.make.deaths import Prepared
from tests.make.killing import system

ADMIN_USERNAME, ADMIN_PASSWORD = "admin", "admin-password"
QUICK_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

hypothesis_settings.register_profile(
    "quintet", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("quintet")


def pytest_addoption(parser: pytest.Parser) -> None:
    about = "leave out tests that use no database: they are the same on each"
    parser.addoption("--only-databases", action="store_true", help=about)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--only-databases"):
        others = [each for each in items if not uses_database(each)]
        config.hook.pytest_deselected(items=others)
        items[:] = [each for each in items if uses_database(each)]


def uses_database(test: pytest.Item) -> bool:
    """Whether it asks for one, or its module for anything of them, such as which one it is."""
    if "template" in getattr(test, "fixturenames", ()):
        return True
    loaded = vars(getattr(test, "module", None) or object).items()
    return any(
        name == "POSTGRES" or getattr(value, "__module__", "") == PostgresDatabases.__module__
        for name, value in loaded
    )


def pytest_collection_finish() -> None:
    """Leave what is loaded by now out of garbage collections, which would look at it again and again."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def whatever_a_module_leaves() -> Iterator[None]:
    """Leave that out of them, too, once it is much: libraries that are loaded late, classes that are kept."""
    yield
    if len(gc.get_objects()) > 20_000:
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def quick_hashing() -> Iterator[None]:
    """Passwords are hashed in microseconds: nobody guesses those of tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "HASHER", QUICK_HASHER)
        yield


@pytest.fixture(scope="session")
def shared_by_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of this run, which its workers share."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def postgres_databases(shared_by_workers: Path) -> Iterator[PostgresDatabases]:
    databases = PostgresDatabases()
    first = shared_by_workers / "template.name"
    with one_at_a_time(first):
        if not (first.exists() and databases.copied(first.read_text())):
            databases.create()
            asyncio.run(_prepare(named(databases.template)))
            databases.seal()
            first.write_text(databases.template)
    yield databases
    databases.drop_all()


@pytest.fixture(scope="session")
def template(request: pytest.FixtureRequest, shared_by_workers: Path) -> str:
    """The file or PostgreSQL's name of a database with every table, the platform and its administrator."""
    if POSTGRES:
        databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
        return databases.template
    path = shared_by_workers / "template.db"
    with one_at_a_time(path):
        if not path.exists():
            making = path.with_name("making.db")
            asyncio.run(_prepare(f"sqlite://{making}"))
            making.rename(path)
    return str(path)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, template: str) -> Iterator[str]:
    """The URL of a database with nothing but the platform in it; nobody is connected to it."""
    if not POSTGRES:
        with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as folder:
            yield f"sqlite://{shutil.copy(template, Path(folder, 'quintet.db'))}"
        return
    databases: PostgresDatabases = request.getfixturevalue("postgres_databases")
    if request.node.get_closest_marker("own_database") is None:
        yield named(databases.shared())
        return
    name = databases.own()
    yield named(name)
    databases.drop(name)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[str]:
    """A database of this test's own, connected."""
    await db.connect(database_url)
    yield database_url
    await db.close()


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    return Settings(
        database_url=database_url,
        sms_outbox=str(tmp_path / "sms.jsonl"),
        port=free_port(),
        log_level="error",
        otp_resend_seconds=1,
        embedded_worker=False,
    )


@pytest.fixture
async def ctx(database: str, settings: Settings) -> Context:
    """The system's own context, which may do everything; `replace` its actor for others."""
    return await system(settings)


@pytest.fixture
def prepared(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> Prepared:
    """A database for work that is killed; mark the test `own_database`."""
    databases = request.getfixturevalue("postgres_databases") if POSTGRES else None
    settings = Settings(database_url=database_url, log_level="error", embedded_worker=False)
    return Prepared(settings, database_url, databases, tmp_path)


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[Api]:
    """A real server over real HTTP on a database of its own; anonymous until told a token."""
    async with serving(settings) as api:
        yield api


@asynccontextmanager
async def serving(settings: Settings, *, warming: bool = False) -> AsyncIterator[Api]:
    """Serve in this event loop on `settings.port`, as in a process of its own."""
    application = create_app(settings, warming=warming)
    server = server_of(settings, application)
    async with application.lifespan():
        running = asyncio.create_task(server.serve(listen_on(settings.host, settings.port)))
        while not server.started:
            await asyncio.sleep(0.01)
            if running.done():
                running.result()
        # Without TLS there is nothing to verify, and reading the certificates takes longer than a request.
        async with httpx.AsyncClient(
            base_url=settings.base_url, timeout=120, verify=False
        ) as client:
            yield Api(client, settings)
        server.stop()
        await running


@pytest.fixture
def count_statements(caplog: pytest.LogCaptureFixture) -> Callable[[], Any]:
    """`with count_statements() as statements: …` collects the SQL that is sent meanwhile."""
    from tests.make.statements import counting

    return counting


@pytest.fixture
def nothing_ever_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL would say so to every request; whoever sees a change has not been given what is kept."""
    monkeypatch.setattr(PostgresQueryCache, "snapshot", "'1:1: 7 today'")


@contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Let other workers wait until what belongs at this path is there."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


async def _prepare(url: str) -> None:
    await db.connect(url)
    await migrate()
    await ensure_platform(ADMIN_USERNAME, ADMIN_PASSWORD)
    await db.close()


def free_port() -> int:
    """A port that nothing listens on, below those that the system gives to clients."""
    while True:
        port = 15_000 + secrets.randbelow(17_000)
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port
