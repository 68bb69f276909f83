"""`python -m benchmarks.loop`: measure how long, and where, the largest operations hold the event loop."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.client import Connection, operation, payload_of
from benchmarks.data import STOREFRONT_KEY, Scale
from benchmarks.databases import ENGINES, engines_that_answer, filled
from benchmarks.ledger import PASSWORD, USERNAME, sign_in
from benchmarks.loop.cases import CASES, TOKENS, Case
from benchmarks.server import ANY_RATE, ROOT, START_SECONDS, environment, free_port
from resolvers.accounts.bootstrap import ensure_platform

MOST_MS = 50
EXECUTORS = ("plan", "core")
TABLE = Path(__file__).parents[1] / "LOOP.md"
HEAD = """# How long the event loop is held

Written by `make loop` (`python -m benchmarks.loop --write`). Each line is the largest that is legal of its
kind, sent twice to one server. The figure is the longest single step of the event loop, in
milliseconds of its thread's CPU time: the first time, with what is compiled once, and the second. No step may
take longer than 50 ms. "Where" is the place of this project that most of the step was spent in.

Under "core" graphql-core is made to answer everything. It is otherwise left what no plan covers, which of
documents with long variables are only those that ask for introspection beside their mutation.
"""


@dataclass(frozen=True)
class Held:
    title: str
    status: int
    size: int
    first: dict[str, Any]
    second: dict[str, Any]

    @property
    def most(self) -> float:
        return max(self.first["cpu_ms"], self.second["cpu_ms"])

    def line(self) -> str:
        where = max(self.first, self.second, key=lambda each: each["cpu_ms"])["where"]
        locations = "; ".join(f"`{each}`" for each in where[:2]) if self.most > 10 else ""
        return (
            f"| {self.title} | {self.status} | {self.size / 1000:,.0f} kB | {self.first['cpu_ms']:.0f}"
            f" | {self.second['cpu_ms']:.0f} | {locations} |"
        )


class Watched:
    """A server with a watched event loop."""

    def __init__(self, process: asyncio.subprocess.Process, port: int) -> None:
        self.process, self.port = process, port

    async def read(self) -> dict[str, Any]:
        """Return the observations since the last call."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(b"\n")
        found: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return found


async def main(given: argparse.Namespace) -> int:
    sections, most = [HEAD], 0.0
    for engine in [given.database] if given.database else await engines_that_answer():
        for executor in [given.executor] if given.executor else EXECUTORS:
            held = await _measured(engine, executor, given.only)
            sections.append(_table(f"{engine}, {executor}", held))
            print(sections[-1], flush=True)
            most = max(most, *(each.most for each in held))
    if given.write:
        TABLE.write_text("\n".join(sections), encoding="utf-8")
    return int(most > MOST_MS)


async def _measured(engine: str, executor: str, only: str | None) -> list[Held]:
    async with filled(engine, Scale(wide_stores=500)) as database:
        await ensure_platform(USERNAME, PASSWORD)
        async with _watched(database.url, executor) as server:
            async with Connection.to(server.port) as connection:
                staff = await sign_in(connection)
                tokens = {**TOKENS, "staff": staff, "erp": await _machine(connection, staff)}
            chosen = [each for each in CASES if only is None or only in each.title]
            return [await _held(server, each, tokens) for each in chosen]


async def _machine(connection: Connection, token: str) -> str:
    """Return the secret of a new API client."""
    document = """mutation($input: ApiClientCreateInput!) { apiClientCreate(input: $input) {
      secret userErrors { code message } } }"""
    scopes = ["CATALOG_READ", "CATALOG_WRITE", "STOCK_READ", "STOCK_WRITE"]
    given = {"input": {"name": "ERP", "scopes": scopes, "organisationCode": "CHAIN"}}
    asked = operation(document, given, token=token)
    secret: str = payload_of(*await connection.send(asked))["secret"]
    return secret


async def _held(server: Watched, case: Case, tokens: Mapping[str, str]) -> Held:
    seen = []
    for _ in range(2):
        asked = case.request(tokens)
        await asyncio.sleep(0.1)
        await server.read()
        async with Connection.to(server.port) as connection:
            status, body = await connection.send(asked)
        await asyncio.sleep(0.1)
        seen.append(await server.read())
    if b'"errors"' in body[:400] or b'"userErrors":[{' in body:
        print(f"  {case.title}: {body[:300].decode(errors='replace')}", file=sys.stderr)
    return Held(case.title, status, len(body), *seen)


@asynccontextmanager
async def _watched(url: str, executor: str) -> AsyncIterator[Watched]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.loop.watched", executor, "serve", "--port", str(port)),
        cwd=ROOT,
        env=environment(url) | ANY_RATE,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        await _ready(port)
        yield Watched(process, port)
    finally:
        process.terminate()
        await process.wait()


async def _ready(port: int) -> None:
    """Wait until the server responds. Raises: OSError when nothing listens in time."""
    began = time.perf_counter()
    ask = operation("{ brands { name } }", storefront_key=STOREFRONT_KEY)
    while True:
        try:
            async with Connection.to(port) as connection:
                await connection.send(ask)
                return
        except OSError:
            if time.perf_counter() - began > 2 * START_SECONDS:
                raise
            await asyncio.sleep(0.1)


def _table(title: str, held: list[Held]) -> str:
    lines = [
        f"\n## {title}\n",
        "| operation | status | answer | first | second | where |",
        "|---|--:|--:|--:|--:|---|",
    ]
    return "\n".join([*lines, *(each.line() for each in held), ""])


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loop", description=__doc__)
    parser.add_argument("--database", choices=ENGINES, help="all that answer")
    parser.add_argument("--executor", choices=EXECUTORS, help="both")
    parser.add_argument("--only", help="operations whose titles hold this")
    parser.add_argument("--write", action="store_true", help="keep the tables in LOOP.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(_arguments())))
