"""Purchases and an ERP's stock at the same time, while servers, worker and PostgreSQL itself are killed.

A client that is not answered, or told that the database is away, asks again in the same words. In the end
nothing is lost and nothing was done twice. `QUINTET_TEST_CRASHES` says during how many purchases; without
it the matrix is short.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx
import pytest

from models import database
from models.database import fetch
from models.migrating import migrate
from resolvers.accounts.bootstrap import ensure_platform
from settings import Settings
from tests.conftest import ADMIN_PASSWORD, ADMIN_USERNAME, free_port
from tests.journeys.histories.customers import change_of_mind, purchase, purchase_of_a_phone
from tests.journeys.histories.warehouse import adjust, sync
from tests.journeys.histories.world import World, a_world
from tests.make.api import Api
from tests.make.clusters import INITDB, Cluster, a_cluster
from tests.make.databases import POSTGRES
from tests.make.fleet import ANY_OF_THEM, Failover, Fleet
from tests.make.killing import system
from tests.make.patience import patience, patient
from tests.make.processes import PATIENCE_SECONDS, Process
from tests.make.soundness import REFUSALS, contradictions

PURCHASES = int(os.environ.get("QUINTET_TEST_CRASHES", "0"))
BUYERS = 6
BUYING = [purchase, purchase, purchase_of_a_phone, change_of_mind]
SERVERS, WORKER, DATABASE = "servers", "worker", "PostgreSQL"
CELLS = [(SERVERS,), (WORKER,), (SERVERS, WORKER)]
if POSTGRES:
    CELLS = [(SERVERS,), (WORKER,), (DATABASE,), (SERVERS, WORKER, DATABASE)]
AWAY = (b'"INTERNAL"', b'"UNAVAILABLE"')


class Patient(Failover):
    """Asks again, too, when a server says that something it needs is away."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        said = b""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while True:
                    response = await super().handle_async_request(request)
                    said = await response.aread()
                    if response.status_code < 500 and not any(each in said for each in AWAY):
                        return response
                    self.unanswered += 1
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"{request.read()[:500]!r} was only told {said[:500]!r}") from None


class Worker(Process):
    """A worker process; ready as soon as it runs."""

    command = ("worker",)

    async def ready(self) -> None:
        await asyncio.sleep(0)


@dataclass(frozen=True)
class Site:
    """What runs, and what of it is killed."""

    settings: Settings
    fleet: Fleet
    worker: Worker
    cluster: Cluster | None


@asynccontextmanager
async def a_site(settings: Settings, cluster: Cluster | None) -> AsyncIterator[Site]:
    """Two servers and a worker, on PostgreSQL of their own or on a file."""
    if cluster:
        settings = replace(settings, database_url=cluster.url)
        await prepare(cluster.url)
    apart = {"QUINTET_EMBEDDED_WORKER": "false", **patience()}
    servers = [Process(replace(settings, port=free_port()), apart) for _ in range(2)]
    worker = Worker(settings)
    transport = Patient([each.settings.port for each in servers])
    async with httpx.AsyncClient(base_url=ANY_OF_THEM, transport=transport, timeout=120) as client:
        try:
            for each in (*servers, worker):
                await each.start()
            await asyncio.gather(*(each.ready() for each in servers))
            yield Site(settings, Fleet(servers, transport, Api(client, settings)), worker, cluster)
        finally:
            for each in (*servers, worker):
                await each.kill()


async def prepare(url: str) -> None:
    await database.connect(url)
    await migrate()
    await ensure_platform(ADMIN_USERNAME, ADMIN_PASSWORD)
    await database.close()


@pytest.mark.own_database
@pytest.mark.skipif(bool(POSTGRES) and not INITDB, reason="no PostgreSQL to start")
@pytest.mark.parametrize("victims", CELLS if PURCHASES else CELLS[-1:], ids="+".join)
async def test_nothing_is_lost_or_doubled_whatever_is_killed(
    settings: Settings, victims: Sequence[str]
) -> None:
    enough = (PURCHASES if victims == CELLS[-1] else PURCHASES // 4) or 30
    if POSTGRES:
        async with a_cluster() as cluster:
            await crashed(settings, cluster, victims, enough)
    else:
        await crashed(settings, None, victims, enough)


async def crashed(
    settings: Settings, cluster: Cluster | None, victims: Sequence[str], enough: int
) -> None:
    kills: Counter[str] = Counter()
    async with a_site(patient(settings), cluster) as site:
        world = await a_world(site.fleet)
        async with asyncio.TaskGroup() as group:
            killing = group.create_task(kill_forever(site, victims, kills))
            syncing = group.create_task(sync_forever(world))
            await asyncio.gather(*(buyer(world, seed, enough) for seed in range(BUYERS)))
            while not set(victims) <= set(kills):
                await purchase(world, random.Random(len(kills)))
            killing.cancel()
            syncing.cancel()
        await database.connect(site.settings.database_url)
        try:
            assert await contradictions(await system(site.settings)) == []
            (row,) = await fetch("SELECT COUNT(*) AS n FROM sales_order")
        finally:
            await database.close()
    assert row["n"] == len(world.placed) == len(set(world.placed.values()))
    refusals = {each.split()[1] for each in world.outcomes} - {"ok"}
    assert refusals <= REFUSALS, world.outcomes
    told = {each: world.outcomes[f"{each} ok"] for each in ("place", "pay", "collect", "sync")}
    print(  # noqa: T201 - the row of the matrix
        f"\n{'PostgreSQL' if cluster else 'SQLite'}: {dict(kills)} killed; {told}; nothing lost"
    )


async def buyer(world: World, seed: int, enough: int) -> None:
    chance = random.Random(seed)
    while len(world.placed) < enough:
        await restock(world, chance)
        await chance.choice(BUYING)(world, chance)


async def restock(world: World, chance: random.Random) -> None:
    """So that there is mostly something to buy."""
    if chance.random() < 0.3:
        await adjust(world, chance)


async def sync_forever(world: World) -> None:
    """The ERP, in parallel."""
    chance = random.Random(99)
    while True:
        await sync(world, chance)


async def kill_forever(site: Site, victims: Sequence[str], kills: Counter[str]) -> None:
    """Kill one after the other at random moments, and start each again."""
    chance = random.Random(1)
    killers: dict[str, Callable[[], Awaitable[None]]] = {
        SERVERS: lambda: again(chance.choice(site.fleet.processes)),
        WORKER: lambda: again(site.worker),
        DATABASE: lambda: restarted(site),
    }
    while True:
        for victim in victims:
            await asyncio.sleep(chance.uniform(0.3, 1.5))
            await killers[victim]()
            kills[victim] += 1


async def again(process: Process) -> None:
    await process.kill()
    await process.start()
    await process.ready()


async def restarted(site: Site) -> None:
    assert site.cluster is not None
    await site.cluster.kill()
    await asyncio.sleep(0.2)
    await site.cluster.start()
    if site.worker.running and site.worker.running.returncode is not None:
        await site.worker.start()  # as whatever runs it would
