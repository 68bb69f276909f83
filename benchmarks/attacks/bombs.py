"""Attacks by small queries with huge results, and by documents that are slow to parse."""

from __future__ import annotations

import asyncio
import json

from benchmarks.attacks.attack import Attack, Outcome, answered, refused
from benchmarks.attacks.sending import Reply, ask, at_once, exchange, tally
from benchmarks.attacks.target import LIVE, Target
from benchmarks.client import operation, request

LEVELS = 6
MEGABYTE = 1_000_000
INTROSPECTION = (
    "{ __schema { types { name description fields(includeDeprecated: true) { name description"
    " args { name description type { name ofType { name ofType { name } } } }"
    " type { kind name ofType { kind name ofType { kind name ofType { name } } } } }"
    " inputFields { name type { name } } enumValues { name } } } }"
)
JSON_HEADERS = {"Content-Type": "application/json"}


def up_and_down(levels: int) -> str:
    """Return a selection whose last level has `children` ** (`levels` + 1) nodes."""
    return "children { parent { " * levels + "children { code }" + " } }" * levels


def organisation_bomb(merchant: str) -> str:
    return f'{{ organisation(code: "{merchant}") {{ {up_and_down(LEVELS)} }} }}'


PRODUCT_BOMB = (
    f"{{ products(first: 250) {{ edges {{ node {{ organisation {{ {up_and_down(4)} }} }} }} }} }}"
)
STOCK_BOMB = (
    "{ products(first: 250) { edges { node { variants { stockLevels(first: 20) { edges { node {"
    " available variant { sku stockLevels(first: 20) { edges { node { available location { code } } }"
    " } } } } } } } } } }"
)
VARIANT_BOMB = (
    "{ products(first: 250) { edges { node { variants { product { variants { product {"
    " variants { product { variants { sku name } } } } } } } } } } }"
)
# 300,000 parents: more than a database allows in one IN list.
LOG_BOMB = (
    "{ products(first: 250) { edges { node { variants { stockLevels(first: 20) { edges { node {"
    " variant { stockLevels(first: 20) { edges { node { variant { sku } } } } } } } } } } } } }"
)


async def _organisations(target: Target) -> Outcome:
    reply = await ask(target.port, organisation_bomb(target.victim.merchant))
    return answered([reply], MEGABYTE)


async def _bomb(target: Target, document: str) -> Outcome:
    reply = await ask(target.port, document, storefront_key=target.victim.storefront_key)
    return answered([reply], 2 * MEGABYTE)


async def _products(target: Target) -> Outcome:
    return await _bomb(target, PRODUCT_BOMB)


async def _stock(target: Target) -> Outcome:
    return await _bomb(target, STOCK_BOMB)


async def _variants(target: Target) -> Outcome:
    return await _bomb(target, VARIANT_BOMB)


async def _log(target: Target) -> Outcome:
    return await _bomb(target, LOG_BOMB)


async def _parallel(target: Target) -> Outcome:
    asked = operation(
        f'{{ organisation(code: "{target.victim.merchant}") {{ {up_and_down(4)} }} }}'
    )
    return answered(await at_once(target.port, [asked] * 50), MEGABYTE)


async def _hang_up(target: Target) -> Outcome:
    """Disconnect after a fifth of a second; the server must stop the operation within a second."""
    asked = operation(organisation_bomb(target.victim.merchant))
    reply = await exchange(target.port, asked, 0.2)
    await asyncio.sleep(1)
    before = await target.cpu_seconds()
    await asyncio.sleep(2)
    spent = await target.cpu_seconds() - before
    says = f"{reply.says()}; {spent:.1f} s of CPU in the 2 s that began 1 s later"
    return Outcome(says, reply.size, spent < 1.0)


async def _terminated(target: Target) -> Outcome:
    """Send SIGTERM while the operation runs."""
    asked = operation(organisation_bomb(target.victim.merchant))
    pending = asyncio.create_task(exchange(target.port, asked, 20))
    await asyncio.sleep(0.3)
    seconds = await target.stop()
    reply = await pending
    return Outcome(f"{reply.says()}; ended in {seconds:.1f} s", reply.size, seconds < 3)


async def _fragments(target: Target) -> Outcome:
    """Send fragments that validation compares pair by pair."""
    names = [f"f{number}" for number in range(270)]
    document = " ".join(
        ["{ viewer { " + " ".join(f"...{name}" for name in names) + " } }"]
        + [f"fragment {name} on Viewer {{ channel }}" for name in names]
    )
    return refused([await ask(target.port, document)])


async def _aliases(target: Target) -> Outcome:
    page = "products(first: 250) { edges { node { id name slug variants { sku available } } } }"
    document = "{ " + " ".join(f"a{number}: {page}" for number in range(100)) + " }"
    return refused([await ask(target.port, document)])


async def _introspection(target: Target) -> Outcome:
    return answered(await at_once(target.port, [operation(INTROSPECTION)] * 50), 30 * MEGABYTE)


async def _health_checks(target: Target) -> Outcome:
    """Measure this machine with as many connections as an attack opens, without an attack."""
    replies = await at_once(target.port, [LIVE] * 300)
    held = all(each.status == 200 for each in replies)
    return Outcome(tally(replies), sum(each.size for each in replies), held)


async def _deep_introspection(target: Target) -> Outcome:
    inner = "name"
    for _ in range(6):
        inner = f"fields {{ type {{ {inner} }} name }}"
    return refused([await ask(target.port, f"{{ __schema {{ types {{ {inner} }} }} }}")])


async def _deep_json(target: Target) -> Outcome:
    bodies = [
        b'{"query": "{ brands { name } }", "variables": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"query": "{ brands { name } }", "variables": '
        + b'{"a":' * 100_000
        + b"1"
        + b"}" * 100_000
        + b"}",
        json.dumps({"query": "{a" * 20_000}).encode(),
        json.dumps({"query": "{ brands(a: " + "[" * 20_000 + " }"}).encode(),
    ]
    requests = [request("POST", "/graphql", JSON_HEADERS, body) for body in bodies]
    return refused(await at_once(target.port, requests))


async def _documents(target: Target) -> Outcome:
    """Send documents that are all new, so that no cached document helps."""
    replies: list[Reply] = []
    for start in range(0, 1_000, 50):
        replies += await at_once(
            target.port,
            [
                operation(f"query Q{number} {{ a{number}: brands {{ name code productCount }} }}")
                for number in range(start, start + 50)
            ],
        )
    held = all(each.status in (200, 429) for each in replies)
    return Outcome(tally(replies), sum(each.size for each in replies), held)


async def _bad_requests(target: Target) -> Outcome:
    """Send requests that fail in every way that may be logged."""
    port, replies = target.port, []
    ids = json.dumps(["Tm90QW5JRA", "%00", "U3RhZmY6OTk5OTk5OTk5OTk5OTk5OTk5OTk"] * 20)
    for _ in range(100):
        replies += await at_once(
            port,
            [
                request("POST", "/graphql", JSON_HEADERS, b"{"),
                operation("{ nothing }"),
                operation(f"{{ nodes(ids: {ids}) {{ id }} }}"),
                operation("{ brands { name } }", token="qa_" + "x" * 40),
                operation('{ order(id: "T3JkZXI6MQ") { id lines { id } } }'),
            ],
        )
    return answered(replies, 2 * MEGABYTE)


BOMBS = [
    Attack("bomb", "organisation up and down 7 times, 196 bytes", _organisations),
    Attack("bomb-filled", "the same in a chain of 20 stores", _organisations, on="filled"),
    Attack("bomb-products", "the same from each of 250 products", _products, on="filled"),
    Attack("bomb-stock", "stock of a variant of stock of a variant", _stock, on="filled"),
    Attack("bomb-variants", "product, variants, product, 4 times", _variants, on="filled"),
    Attack("bomb-log", "fields that fail cell by cell", _log, on="filled"),
    Attack("bare", "no attack: 300 requests for /health/live at once", _health_checks),
    Attack("bombs-parallel", "50 smaller ones at once", _parallel),
    Attack("bomb-hang-up", "the bomb, and the client hangs up after 0.2 s", _hang_up),
    Attack("bomb-sigterm", "the bomb, and the server is asked to end", _terminated),
    Attack("fragments", "270 fragments with one field", _fragments),
    Attack("aliases", "100 aliases of 250 products", _aliases, on="filled"),
    Attack("introspection", "50 introspections at once", _introspection),
    Attack("introspection-deep", "types of fields of types, 6 times", _deep_introspection),
    Attack("deep-json", "JSON and documents nested 100,000 and 20,000 deep", _deep_json),
    Attack("documents", "1,000 documents never seen before", _documents),
    Attack("log-flood", "500 bad requests of five kinds", _bad_requests),
]
