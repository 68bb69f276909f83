"""A database that goes away, or is full: a clear answer, a short log, and everything as before afterwards."""

from __future__ import annotations

import asyncio
import gc
import logging
import random
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import asyncpg
import httpx
import pytest
from tortoise.connection import get_connection

from models import database
from models.outages import database_faults
from settings import Settings
from tests.conftest import serving
from tests.make.api import Api
from tests.make.databases import POSTGRES
from tests.make.wires import Wire, wire_to

GUEST = "mutation { guestSignIn { accessToken userErrors { code } } }"
STOCK = "{ stores(first: 1) { edges { node { code } } } }"


@pytest.fixture(autouse=True)
def no_faults_of_before() -> Iterator[None]:
    database_faults.wrote()
    yield
    database_faults.wrote()


async def post(api: Api, query: str) -> httpx.Response:
    return await api.client.post("/graphql", json={"query": query}, headers=api.headers)


def code_of(response: httpx.Response) -> str:
    (error,) = response.json()["errors"]
    code: str = error["extensions"]["code"]
    return code


async def until(status: int, api: Api, query: str) -> httpx.Response:
    async with asyncio.timeout(20):
        while (response := await post(api, query)).status_code != status:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return response


@pytest.fixture
async def wired(settings: Settings) -> AsyncIterator[tuple[Wire, Api]]:
    async with (
        wire_to(settings.database_url) as (wire, url),
        serving(replace(settings, database_url=url, embedded_worker=True)) as api,
    ):
        yield wire, api


@pytest.mark.skipif(not POSTGRES, reason="a file does not go away")
async def test_a_database_that_goes_away_is_told_and_comes_back(
    wired: tuple[Wire, Api], caplog: pytest.LogCaptureFixture
) -> None:
    wire, api = wired
    guest = await api.guest()
    assert (await post(guest, STOCK)).status_code == 200
    caplog.set_level(logging.WARNING)
    await wire.cut()
    for query in (STOCK, GUEST) * 20:
        response = await post(guest, query)
        assert response.status_code == 503
        assert code_of(response) == "UNAVAILABLE"
        assert response.headers["retry-after"] == "5"
        assert "asyncpg" not in response.text
        assert "127.0.0.1" not in response.text
    ready = await api.client.get("/health/ready")
    assert ready.status_code == 503
    assert (await api.client.get("/health/live")).status_code == 200
    assert (await api.client.get("/s/whatever")).status_code == 503
    faults = [record for record in caplog.records if "database fault" in record.getMessage()]
    assert len(faults) <= 2
    assert len(caplog.records) < 12
    assert not [record for record in caplog.records if record.exc_info]
    await wire.join()
    await until(200, guest, STOCK)
    await until(200, api, GUEST)
    assert (await api.client.get("/health/ready")).status_code == 200


@pytest.mark.own_database
@pytest.mark.skipif(not POSTGRES, reason="a file ends no connection")
async def test_a_server_that_ends_its_connections_leaves_no_traceback(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """As PostgreSQL does when it is stopped: in the middle of statements, and of those that lie idle."""
    name = urlsplit(settings.database_url).path.lstrip("/")
    async with serving(replace(settings, embedded_worker=True)) as api:
        caplog.set_level(logging.WARNING)
        killer = await asyncpg.connect(POSTGRES)
        for _ in range(12):
            asked = [asyncio.create_task(post(api, query)) for query in (STOCK, GUEST) * 5]
            await asyncio.sleep(random.uniform(0, 0.02))
            await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
            )
            assert {each.status_code for each in await asyncio.gather(*asked)} <= {200, 503}
        await killer.close()
        await until(200, api, GUEST)
        # Connections that were ended while they lay at hand fail nobody.
        assert {(await post(api, query)).status_code for query in (STOCK, GUEST) * 5} == {200}
    gc.collect()  # asyncio tells of tasks that died when they are forgotten
    assert not [record.getMessage() for record in caplog.records if record.exc_info]
    assert not [line for line in caplog.messages if "is_closed" in line or "failed" in line]


@pytest.mark.skipif(not POSTGRES, reason="a file does not fall silent")
async def test_a_database_that_falls_silent_does_not_hold_readiness_up(
    wired: tuple[Wire, Api], monkeypatch: pytest.MonkeyPatch
) -> None:
    wire, api = wired
    monkeypatch.setattr("serving.health.ANSWER_SECONDS", 0.3)
    wire.silence()
    async with asyncio.timeout(5):
        ready = await api.client.get("/health/ready")
    assert ready.status_code == 503
    assert (await api.client.get("/health/live")).status_code == 200
    wire.resume()
    async with asyncio.timeout(20):
        while (await api.client.get("/health/ready")).status_code != 200:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def fill(settings: Settings) -> None:
    if POSTGRES:
        connection = await asyncpg.connect(settings.database_url)
        await connection.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$;"
            "CREATE TRIGGER no_room BEFORE INSERT ON session EXECUTE FUNCTION no_room()"
        )
        await connection.close()
    else:
        await get_connection("default").execute_script("PRAGMA max_page_count = 1")


async def make_room(settings: Settings) -> None:
    if POSTGRES:
        connection = await asyncpg.connect(settings.database_url)
        await connection.execute("DROP TRIGGER no_room ON session; DROP FUNCTION no_room CASCADE")
        await connection.close()
    else:
        await get_connection("default").execute_script("PRAGMA max_page_count = 1000000000")


@pytest.mark.own_database
async def test_a_full_disk_refuses_to_save_and_goes_on_reading(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await post(api, GUEST)).status_code == 200
    await fill(api.settings)
    response = await until(503, api, GUEST)  # the last page takes some more
    assert code_of(response) == "STORAGE_FULL"
    assert response.json()["errors"][0]["message"].startswith("Nothing can be saved right now.")
    chinese = await post(api.speaking("zh"), GUEST)
    assert chinese.json()["errors"][0]["message"].startswith("暂时无法保存")
    assert (await post(api, STOCK)).status_code == 200
    ready = await api.client.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json()["status"] == "degraded"
    assert ready.json()["checks"]["storage"] == "full: nothing can be saved"
    before = await sessions(api.settings)
    for _ in range(5):
        assert (await post(api, GUEST)).status_code == 503
    assert await sessions(api.settings) == before
    faults = [record for record in caplog.records if "database fault" in record.getMessage()]
    assert len(faults) == 1
    await make_room(api.settings)
    assert (await post(api, GUEST)).status_code == 200
    assert await sessions(api.settings) > before
    assert (await api.client.get("/health/ready")).json()["status"] == "ok"


async def sessions(settings: Settings) -> int:
    return int((await database.fetch("SELECT count(*) AS n FROM session"))[0]["n"])
