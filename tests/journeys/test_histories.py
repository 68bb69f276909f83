"""Clients of every kind at once, on two server processes that are killed again and again.

Whoever gets no answer asks again in the same words. In the end every piece and every fen is where the answers
said, nothing is half done and nothing was done twice. `QUINTET_TEST_HISTORIES` says how many histories.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import Awaitable, Callable

import pytest

from models import database
from models.database import fetch
from settings import Settings
from tests.journeys.histories.customers import (
    change_of_mind,
    late_purchase,
    purchase,
    purchase_of_a_phone,
    purchase_of_what_comes_later,
)
from tests.journeys.histories.warehouse import adjust, order_goods, stocktake, sync, transfer
from tests.journeys.histories.world import World, a_world
from tests.make.fleet import Fleet, fleet
from tests.make.killing import system
from tests.make.soundness import REFUSALS, contradictions

HISTORIES = int(os.environ.get("QUINTET_TEST_HISTORIES", "80"))
CLIENTS, KILLS = 8, 4
KINDS: list[Callable[[World, random.Random], Awaitable[None]]] = [
    purchase, late_purchase, purchase_of_a_phone, purchase_of_what_comes_later, change_of_mind,
    sync, adjust, transfer, stocktake, order_goods,
]  # fmt: skip
DONE = {
    "place", "pay", "cancel", "collect", "sync", "adjust", "ship", "receive", "take", "take_in",
    "send_back",
}  # fmt: skip


@pytest.mark.own_database
async def test_no_piece_and_no_fen_is_lost_whoever_is_killed(settings: Settings) -> None:
    async with fleet(settings) as servers:
        world = await a_world(servers)
        await database.connect(settings.database_url)
        try:
            kills: list[int] = []
            async with asyncio.TaskGroup() as group:
                killing = group.create_task(kill_forever(servers, kills))
                clients = [client(world, seed, kills) for seed in range(CLIENTS)]
                await asyncio.gather(*clients)
                killing.cancel()
            await everything_is_sound(settings, world)
        finally:
            await database.close()


async def client(world: World, seed: int, kills: list[int]) -> None:
    """Histories of every kind, again and again until there are enough and enough processes were killed."""
    chance = random.Random(seed)
    told = 0
    while told < HISTORIES // CLIENTS or len(kills) < KILLS:
        for kind in chance.sample(KINDS, len(KINDS)):
            await kind(world, chance)
            told += 1


async def kill_forever(servers: Fleet, kills: list[int]) -> None:
    """Kill one process after another, and start each again; `kills` says which."""
    chance = random.Random(1)
    while True:
        victim = servers.processes[len(kills) % len(servers.processes)]
        await asyncio.sleep(chance.uniform(0.3, 1.2))
        await victim.kill()
        kills.append(victim.settings.port)
        await victim.start()
        await victim.ready()


async def everything_is_sound(settings: Settings, world: World) -> None:
    assert await contradictions(await system(settings)) == []
    rows = await fetch("SELECT COUNT(*) AS n FROM sales_order")
    assert rows[0]["n"] == len(world.placed) == len(set(world.placed.values()))
    refusals = {each.split()[1] for each in world.outcomes} - {"ok"}
    assert refusals <= REFUSALS, world.outcomes
    done = {each.split()[0] for each in world.outcomes if each.endswith(" ok")}
    assert done >= DONE, world.outcomes
    assert world.fleet.transport.unanswered > 0
