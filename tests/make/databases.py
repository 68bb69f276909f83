"""Databases for tests: copies of one migrated template, on SQLite or on PostgreSQL.

SQLite's file is copied for each test, into memory where the machine has a `/dev/shm`. Copying on PostgreSQL
costs a hundred times more, so there a worker keeps one copy and empties it before each test; a test that
starts processes asks for one of its own (`@pytest.mark.own_database`).
"""

from __future__ import annotations

import asyncio
import os
import threading
import uuid
from collections.abc import Coroutine
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

POSTGRES = os.environ.get("QUINTET_TEST_DATABASE_URL", "")
MEMORY = Path("/dev/shm")
T = TypeVar("T")

# Rows that were deleted stay in the files until a vacuum; past this a new copy is cheaper.
TESTS_A_COPY = 100


def named(database_name: str) -> str:
    return urlunsplit(urlsplit(POSTGRES)._replace(path=f"/{database_name}"))


async def on_server(statement: str) -> None:
    connection = await asyncpg.connect(POSTGRES)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


class PostgresDatabases:
    """The databases that one pytest worker has on the PostgreSQL server.

    They are looked after from a thread of its own, whose event loop and connections outlive the tests' loops.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._copy = ""
        self._restoring: asyncpg.Connection | None = None
        self._uses = 0
        self._droppings: list[Future[None]] = []
        self.template = _new_name("template")

    def create(self) -> None:
        """Create an empty template."""
        self._run(on_server(f'CREATE DATABASE "{self.template}"'))

    def copied(self, original: str) -> bool:
        """Make a copy of another worker's template this one's; false where it is gone."""
        try:
            self._run(on_server(f'CREATE DATABASE "{self.template}" TEMPLATE "{original}"'))
        except asyncpg.InvalidCatalogNameError:
            return False
        return True

    def seal(self) -> None:
        """Let the template remember what is in it; nobody may write to it any more."""
        self._run(_seal(self.template))

    def own(self, original: str = "") -> str:
        """The name of a new copy of the template, or of another database that nobody is connected to."""
        name = _new_name("test")
        self._run(_create_copy(name, original or self.template))
        return name

    def shared(self) -> str:
        """The name of this worker's copy, as the template was."""
        self._uses += 1
        if not (self._copy and self._uses % TESTS_A_COPY and self._run(self._restored())):
            self._renew()
        return self._copy

    def drop(self, name: str) -> None:
        """Drop a database while the next test runs: each drop waits for a checkpoint."""
        self._droppings.append(self._begin(on_server(f'DROP DATABASE "{name}" WITH (FORCE)')))

    def drop_all(self) -> None:
        for name in filter(None, (self._copy, self.template)):
            self.drop(name)
        for dropping in self._droppings:
            dropping.result()

    def _renew(self) -> None:
        if self._copy:
            self.drop(self._copy)
        self._copy = self.own()
        self._restoring = self._run(asyncpg.connect(named(self._copy)))

    async def _restored(self) -> bool:
        """Put the copy's rows and sequences back; false where a test has changed its tables."""
        assert self._restoring is not None
        restored: bool = await self._restoring.fetchval("SELECT pristine.restore()")
        return restored

    def _begin(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._begin(work).result()


async def _create_copy(name: str, template: str) -> None:
    """Copies lose no commit when a client is killed, only when the server is: no test does that."""
    await on_server(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    await on_server(f'ALTER DATABASE "{name}" SET synchronous_commit = off')


async def _seal(template: str) -> None:
    connection = await asyncpg.connect(named(template))
    try:
        await connection.execute(SEAL)
    finally:
        await connection.close()


def _new_name(purpose: str) -> str:
    return f"quintet_{purpose}_{uuid.uuid4().hex[:12]}"


SEAL = """
CREATE SCHEMA pristine;

CREATE FUNCTION pristine.shape() RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' ', count(*), sum(a.xmin::text::bigint),
    (SELECT count(*) FROM pg_constraint), (SELECT count(*) FROM pg_trigger))
  FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid WHERE c.relnamespace = 'public'::regnamespace
$$;

CREATE FUNCTION pristine.keep() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  it record;
  filled boolean;
  body text := '';
BEGIN
  FOR it IN SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1
  LOOP
    body := body || format('DELETE FROM public.%I;', it.name);
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM public.%I)', it.name) INTO filled;
    IF filled THEN
      EXECUTE format('CREATE TABLE pristine.%I AS TABLE public.%I', it.name, it.name);
      body := body || format('INSERT INTO public.%I SELECT * FROM pristine.%I;', it.name, it.name);
    END IF;
  END LOOP;
  FOR it IN SELECT sequencename AS name, start_value, last_value FROM pg_sequences
    WHERE schemaname = 'public' ORDER BY 1
  LOOP
    body := body || format('PERFORM setval(%L, %s, %L);', 'public.' || quote_ident(it.name),
      coalesce(it.last_value, it.start_value), it.last_value IS NOT NULL);
  END LOOP;
  EXECUTE format($restore$
    CREATE FUNCTION pristine.restore() RETURNS boolean LANGUAGE plpgsql
      SET session_replication_role = replica AS $body$
    BEGIN
      PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid();
      IF pristine.shape() <> %L THEN RETURN false; END IF;
      %s
      RETURN true;
    END $body$ $restore$, pristine.shape(), body);
END $$;

SELECT pristine.keep();
"""
