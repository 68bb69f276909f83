"""Two server processes on one PostgreSQL: behind a pooler with few connections, and with Redis."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from redis import Redis
from redis.exceptions import RedisError

from settings import Settings
from tests.conftest import free_port
from tests.make.api import Api
from tests.make.databases import POSTGRES
from tests.make.documents import document
from tests.make.processes import PGBOUNCER, POOLED_CONNECTIONS, pgbouncer, process
from tests.make.shop import Shop, buy, open_shop

REDIS = os.environ.get("QUINTET_TEST_REDIS_URL") or "redis://127.0.0.1:6379"
LISTENING = 2 * 2  # each process has a connection to listen and one to tell

pytestmark = [
    pytest.mark.own_database,
    pytest.mark.skipif(not POSTGRES, reason="SQLite serves one process"),
]


@pytest.mark.skipif(not PGBOUNCER, reason="PgBouncer is not installed")
async def test_two_processes_share_few_connections_through_pgbouncer(
    settings: Settings, tmp_path: Path
) -> None:
    through = {
        "QUINTET_DATABASE_POOLER": "true",
        "QUINTET_DATABASE_DIRECT_URL": settings.database_url,
    }
    async with (
        pgbouncer(settings.database_url, free_port(), tmp_path) as pooled,
        AsyncExitStack() as stack,
    ):
        here = replace(settings, database_url=pooled)
        one, other = await two_processes(stack, here, **through)
        shop = await open_shop(await one.staff(), pieces=20)
        buyers = (buy((one, other)[n % 2], shop) for n in range(50))
        assert Counter(await asyncio.gather(*buyers)) == {"PAID": 20, "INSUFFICIENT_STOCK": 30}
        assert await connections_to(settings.database_url) <= POOLED_CONNECTIONS + LISTENING
        await what_one_changes_the_other_hears(one, other, shop)
        await what_one_changes_the_other_reads(one, other, shop)
        assert (await (await other.staff()).ask(document("hq/stock_audit")))["stockAudit"][
            "drifts"
        ] == []


async def test_two_processes_share_live_events_and_rate_limits_by_redis(
    settings: Settings,
) -> None:
    if not redis_answers():
        pytest.skip("Redis does not answer")
    limit = {
        "QUINTET_REDIS_URL": REDIS,
        "QUINTET_SIGN_IN_TRIES": "4",
        "QUINTET_SECRET_KEY": uuid.uuid4().hex,  # what is counted in Redis outlives the test
    }
    async with AsyncExitStack() as stack:
        one, other = await two_processes(stack, settings, **limit)
        shop = await open_shop(await one.staff(), pieces=20)
        await what_one_changes_the_other_hears(one, other, shop)
        for each in (one, other, one, other):
            assert await sign_in_error(each, "nobody") == "INVALID"
        assert await sign_in_error(one, "nobody") == "RATE_LIMITED"
        assert await sign_in_error(other, "nobody") == "RATE_LIMITED"


async def two_processes(stack: AsyncExitStack, settings: Settings, **variables: str) -> list[Api]:
    starting = (
        stack.enter_async_context(process(replace(settings, port=free_port()), **variables))
        for _ in range(2)
    )
    return [await each for each in starting]


async def what_one_changes_the_other_hears(one: Api, other: Api, shop: Shop) -> None:
    """A change that one process commits reaches the subscriber of the other."""
    follow = 'subscription($v: [ID!]) { stockChanged(variantIds: $v, after: "0") { available } }'
    row = {"locationCode": shop.store_code, "sku": shop.sku}
    admin = await one.staff()
    async with (await other.staff()).subscribe(follow, v=[shop.variant_id]) as events:
        for pieces in (70, 80):
            rows = [{**row, "quantity": pieces}]
            key = f"{shop.sku}-{pieces}"
            await admin.do(document("erp/stock_set"), input={"rows": rows, "idempotencyKey": key})
            while (await events.next())["data"]["stockChanged"]["available"] != pieces:
                pass  # what was before


async def what_one_changes_the_other_reads(one: Api, other: Api, shop: Shop) -> None:
    """A change that one process has answered is in the next answer of the other, whatever that keeps."""
    admin, visitor = await one.staff(), await other.guest()
    for pieces in range(90, 100):
        row = {"locationCode": shop.store_code, "sku": shop.sku, "quantity": pieces}
        given = {"rows": [row], "idempotencyKey": f"{shop.sku}-read-{pieces}"}
        await admin.do(document("erp/stock_set"), input=given)
        for viewer in (visitor, other) * 3:
            seen = await viewer.ask(
                "query($sku: String!) { variant(sku: $sku) { available } }", sku=shop.sku
            )
            assert seen["variant"]["available"] == pieces


async def sign_in_error(api: Api, username: str) -> str:
    answer = await api.send(
        "mutation($input: StaffSignInInput!) { staffSignIn(input: $input) { userErrors { code } } }",
        input={"username": username, "password": "wrong"},
    )
    if errors := answer.get("errors"):
        return str(errors[0]["extensions"]["code"])
    return str(answer["data"]["staffSignIn"]["userErrors"][0]["code"])


async def connections_to(database_url: str) -> int:
    connection = await asyncpg.connect(POSTGRES)
    try:
        return int(
            await connection.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = $1",
                urlsplit(database_url).path.lstrip("/"),
            )
        )
    finally:
        await connection.close()


def redis_answers() -> bool:
    try:
        return bool(Redis.from_url(REDIS, socket_timeout=2).ping())
    except (OSError, RedisError):
        return False
