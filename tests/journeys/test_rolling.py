"""A rolling upgrade: servers of the version before go on selling on the schema of this one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from models import database as db
from models.migrating import pending
from models.orders.orders import Order
from settings import Settings
from tests.conftest import free_port
from tests.make.api import Api
from tests.make.counter import PLACE, Counter, open_counter, pay, place, seen
from tests.make.databases import POSTGRES, named, on_server
from tests.make.earlier import ROOT, earlier_tree
from tests.make.processes import Process
from tests.make.soundness import contradictions

pytestmark = pytest.mark.skipif(not POSTGRES, reason="SQLite serves one process")


@pytest.fixture
async def empty_url() -> AsyncIterator[str]:
    name = f"quintet_rolling_{uuid4().hex[:12]}"
    await on_server(f'CREATE DATABASE "{name}"')
    yield named(name)
    await on_server(f'DROP DATABASE "{name}" WITH (FORCE)')


@asynccontextmanager
async def served(tree: Path, settings: Settings) -> AsyncIterator[Api]:
    """A server process of the version in `tree`, and a client of it."""
    server = Process(settings, tree=tree)
    await server.start()
    try:
        async with httpx.AsyncClient(base_url=settings.base_url, timeout=60) as client:
            await server.ready()
            yield Api(client, settings)
    finally:
        await server.stop()


def migrate(tree: Path, url: str) -> None:
    subprocess.run(
        [sys.executable, "cli.py", "migrate", f"--database-url={url}"],
        cwd=tree,
        env={**os.environ, "QUINTET_LOG_LEVEL": "error"},
        capture_output=True,
        check=True,
        timeout=120,
    )


async def test_both_versions_sell_on_the_schema_of_the_newer(
    empty_url: str, settings: Settings, tmp_path: Path
) -> None:
    before = earlier_tree(tmp_path / "before")
    old = replace(settings, database_url=empty_url, port=free_port())
    new = replace(old, port=free_port())
    await asyncio.to_thread(migrate, before, empty_url)
    async with served(before, old) as old_api:
        await asyncio.to_thread(migrate, ROOT, empty_url)
        async with served(ROOT, new) as new_api:
            await db.connect(empty_url)
            try:
                assert await pending() == []
                await _sell_on_both(old_api, new_api)
            finally:
                await db.close()


async def _sell_on_both(old_api: Api, new_api: Api) -> None:
    counter = await open_counter(new_api, 40)
    answer = await old_api.send(PLACE)
    if "Cannot query field" in str(answer) or "is not defined" in str(answer):
        pytest.skip(f"the earlier commit speaks another API: {answer['errors'][0]['message']}")
    await asyncio.gather(*(_buy(counter, api) for api in (old_api, new_api) for _ in range(5)))
    assert await Order.filter(status="PAID").count() == 10
    assert await contradictions(counter.ctx) == []
    # What one version began, the other ends: for a customer a proxy may choose either.
    guest = await old_api.guest()
    order = await place(counter, guest)
    await pay(counter, replace(guest, client=new_api.client, settings=new_api.settings), order)
    assert (await seen(guest, order))["status"] == "PAID"
    assert await contradictions(counter.ctx) == []


async def _buy(counter: Counter, api: Api) -> None:
    guest = await api.guest()
    await pay(replace(counter, api=api), guest, await place(counter, guest))
