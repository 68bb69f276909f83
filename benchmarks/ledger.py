"""`python -m benchmarks.ledger`: ten million movements, and how fast a level, its history, its audit are."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from statistics import median, quantiles
from typing import Any

from benchmarks import data
from benchmarks.client import Connection, WrongAnswer, data_of, operation, payload_of
from benchmarks.databases import ENGINES, Database, engines_that_answer, filled
from benchmarks.movements import lengthen, rounds_of
from benchmarks.server import Server, ServerFailed, apart, serving
from gateways.wiring import make_gateways
from models.database import fetch
from resolvers.accounts.bootstrap import ensure_platform
from resolvers.context import SYSTEM, Context
from resolvers.stock.ledger import checkpoints
from schema.nodes.nodes import global_id
from settings import Settings

SCALE = data.Scale(wide_stores=0)
TIMES = 50
PAGE = 50
USERNAME = "benchmark"
PASSWORD = "benchmark password"  # noqa: S105 - of a database that lives as long as this runs

LEVEL = """query($v: ID!, $l: ID!) { stockLevels(filter: { variantId: $v, locationId: $l }) {
  edges { node { onHand available held committed } } } }"""
HISTORY = """query($v: ID!, $l: ID!, $last: Int!, $before: String) {
  stockMovements(filter: { variantId: $v, locationId: $l }, last: $last, before: $before) {
    pageInfo { startCursor } edges { node { sequence quantity reason fromState toState occurredAt } } } }"""
AT_LOCATION = """query($l: ID!, $last: Int!) { stockMovements(filter: { locationId: $l }, last: $last) {
    edges { node { sequence quantity reason variant { sku } } } } }"""
AUDIT = """query($l: ID, $full: Boolean!) { stockAudit(locationId: $l, full: $full) {
  checkedLevels drifts { state } } }"""


async def main(given: argparse.Namespace) -> None:
    for engine in [given.database] if given.database else await engines_that_answer():
        async with filled(engine, SCALE) as database:
            await ensure_platform(USERNAME, PASSWORD)
            began = time.perf_counter()
            rounds = rounds_of(given.movements, SCALE.skus * SCALE.stores)
            await lengthen(database, rounds)
            rows = (await fetch("SELECT count(*) AS rows FROM stock_movement"))[0]["rows"]
            print(
                f"{database.title}: {rows:,} movements, made in {time.perf_counter() - began:.0f} s"
            )
            async with serving(database.url) as server, Connection.to(server.port) as connection:
                apart(server.pid)
                await _measure(connection, server, database, rounds)


async def _measure(connection: Connection, server: Server, database: Database, rounds: int) -> None:
    token = await sign_in(connection)

    async def ask(title: str, document: str, asked: Iterator[dict[str, Any]]) -> Any:
        answer: Any = None
        before = server.cpu_seconds() + await database.cpu_seconds()
        seconds = []
        for variables in asked:
            began = time.perf_counter()
            answer = data_of(*await connection.send(operation(document, variables, token=token)))
            seconds.append(time.perf_counter() - began)
        spent = server.cpu_seconds() + await database.cpu_seconds() - before
        centile = quantiles(seconds, n=20)[-1] if len(seconds) > 1 else seconds[0]
        print(
            f"  {title:44} p50 {median(seconds) * 1000:9.2f} ms  p95 {centile * 1000:9.2f} ms"
            f"  CPU {spent * 1000 / len(seconds):9.2f} ms",
            flush=True,
        )
        return answer

    levels = [dict(zip("vl", _level(number), strict=True)) for number in range(TIMES)]
    place = levels[0]["l"]
    await ask("a level", LEVEL, iter(levels))
    first = await ask(
        "its latest 50 movements", HISTORY, ({**each, "last": PAGE} for each in levels)
    )
    edges = first["stockMovements"]["edges"]
    if len(edges) != min(PAGE, rounds + 1):
        raise WrongAnswer(f"{len(edges)} movements instead of {min(PAGE, rounds + 1)}")
    before = first["stockMovements"]["pageInfo"]["startCursor"]
    earlier = {**levels[-1], "last": PAGE, "before": before}
    await ask("the 50 before those", HISTORY, iter([earlier] * TIMES))
    await ask(
        "a location's latest 50 movements", AT_LOCATION, iter([{"l": place, "last": PAGE}] * TIMES)
    )
    await _audit(ask, "audit of one location, everything replayed", place, full=True)
    began = time.perf_counter()
    written = await checkpoints.advance(_system())
    print(f"  {written:,} checkpoints written in {time.perf_counter() - began:.1f} s")
    await _audit(ask, "audit of one location, from its checkpoints", place, full=False)


async def _audit(ask: Any, title: str, place: str, *, full: bool) -> None:
    found = (await ask(title, AUDIT, iter([{"l": place, "full": full}] * 3)))["stockAudit"]
    if found["drifts"] or found["checkedLevels"] != SCALE.skus:
        raise WrongAnswer(f"the ledger does not fit the levels: {found}")


def _level(number: int) -> tuple[str, str]:
    variant, location = 1 + number * 37 % SCALE.skus, 1 + number % SCALE.stores
    return global_id("Variant", variant), global_id("Store", location)


async def sign_in(connection: Connection) -> str:
    document = """mutation($input: StaffSignInInput!) { staffSignIn(input: $input) {
      accessToken userErrors { code message } } }"""
    who = {"input": {"username": USERNAME, "password": PASSWORD}}
    token: str = payload_of(*await connection.send(operation(document, who)))["accessToken"]
    return token


def _system() -> Context:
    settings = Settings()
    return Context(settings=settings, gateways=make_gateways(settings), actor=SYSTEM)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger", description=__doc__)
    parser.add_argument("--database", choices=ENGINES, help="all that answer")
    parser.add_argument("--movements", type=int, default=10_000_000)
    return parser.parse_args()


if __name__ == "__main__":
    try:
        asyncio.run(main(_arguments()))
    except* (WrongAnswer, ServerFailed) as failures:
        sys.exit(f"No figures: {failures.exceptions[0]}")
