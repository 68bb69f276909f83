"""`python -m benchmarks.feed`: measure the time from the commit of a change to a subscriber's message.

It is measured within one server process, and from one process to another, which is notified by PostgreSQL's
NOTIFY or by Redis. A commit counts as finished when its response arrives.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median, quantiles
from typing import Any

import websockets
from redis import Redis
from redis.exceptions import RedisError

from benchmarks.client import HOST, Connection, data_of, operation
from benchmarks.data import Scale, product_code
from benchmarks.databases import engines_that_answer, filled
from benchmarks.ledger import PASSWORD, USERNAME, sign_in
from benchmarks.server import Server, serving
from resolvers.accounts.bootstrap import ensure_platform
from schema.nodes.nodes import global_id

SCALE = Scale(products=10, stores=2, wide_stores=0, members=1)
REDIS = os.environ.get("QUINTET_TEST_REDIS_URL") or "redis://127.0.0.1:6379"
FOLLOW = "subscription($v: [ID!]) { stockChanged(variantIds: $v) { available } }"
SET = """mutation($input: StockSetInput!) { stockSet(input: $input) {
  results { ok } userErrors { code message } } }"""
SKU, VARIANT, STORE = f"{product_code(1)}-0", global_id("Variant", 1), "S00"
TRANSPORT = "graphql-transport-ws"


async def main(given: argparse.Namespace) -> None:
    for engine in await engines_that_answer():
        async with filled(engine, SCALE) as database:
            await ensure_platform(USERNAME, PASSWORD)
            async with serving(database.url) as one:
                await _measure(f"{database.title}, one process", one, one, given.times)
            for by, url in (("NOTIFY", ""), ("Redis", REDIS)) if engine == "postgres" else ():
                if url and not _redis_answers():
                    continue
                async with (
                    serving(database.url, QUINTET_REDIS_URL=url) as one,
                    serving(database.url, QUINTET_REDIS_URL=url) as other,
                ):
                    await _measure(
                        f"{database.title}, two processes, {by}", one, other, given.times
                    )


async def _measure(title: str, writer: Server, reader: Server, times: int) -> None:
    async with Connection.to(writer.port) as connection:
        token = await sign_in(connection)
        async with _subscribed(reader.port, token) as events:
            waited = [await _one(connection, token, events, number) for number in range(times)]
    print(
        f"{title:44} p50 {median(waited) * 1000:7.1f} ms"
        f"  p95 {quantiles(waited, n=20)[-1] * 1000:7.1f} ms  ({times} changes)",
        flush=True,
    )


async def _one(connection: Connection, token: str, events: Any, number: int) -> float:
    """Return the seconds from the response to a change until its message."""
    rows = [{"locationCode": STORE, "sku": SKU, "quantity": 2_000 + number}]
    variables = {"input": {"rows": rows, "idempotencyKey": f"feed-{time.monotonic_ns()}"}}
    coming = asyncio.create_task(_arrival(events))
    data_of(*await connection.send(operation(SET, variables, token=token)))
    committed = time.perf_counter()
    available, arrived = await asyncio.wait_for(coming, 10)
    assert available == 2_000 + number, available
    return max(0.0, arrived - committed)


async def _arrival(events: Any) -> tuple[int, float]:
    message = json.loads(await events.recv())
    return message["payload"]["data"]["stockChanged"]["available"], time.perf_counter()


@asynccontextmanager
async def _subscribed(port: int, token: str) -> AsyncIterator[Any]:
    address, headers = f"ws://{HOST}:{port}/graphql", {"Authorization": f"Bearer {token}"}
    async with websockets.connect(address, subprotocols=[TRANSPORT]) as socket:  # type: ignore[list-item]
        await socket.send(json.dumps({"type": "connection_init", "payload": headers}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        payload = {"query": FOLLOW, "variables": {"v": [VARIANT]}}
        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
        await asyncio.sleep(0.5)  # changes before the subscription is active are not sent
        yield socket


def _redis_answers() -> bool:
    try:
        return bool(Redis.from_url(REDIS, socket_timeout=2).ping())
    except (OSError, RedisError):
        return False


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.feed", description=__doc__)
    parser.add_argument("--times", type=int, default=200)
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main(_arguments()))
