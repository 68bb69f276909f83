"""What costs too much does not run, and who spends too much waits: over HTTP and over WebSocket."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
import websockets
from redis.asyncio import Redis
from redis.exceptions import RedisError
from websockets.exceptions import ConnectionClosed

from gateways import Bucket, cost_buckets
from gateways.redis_link import RedisLink
from resolvers.node_codes import KINDS
from schema.cost.charging import KILOBYTE
from schema.cost.prices import ITEM, LEAF_ITEM, OPERATION, STATEMENT
from schema.nodes.nodes import Node, global_id
from schema.transport.websocket.handler import MOST_UNPAID
from settings import Settings
from tests.conftest import serving
from tests.make.api import Api

GRAPHQL = "application/graphql-response+json"
REDIS = os.environ.get("QUINTET_TEST_REDIS_URL", "redis://127.0.0.1:6379")
LEVELS = 6
DOWN, UP = "children { parent { " * LEVELS, "} } " * LEVELS
BOMB = f'{{ organisation(code: "DEMO") {{ {DOWN} code {UP} }} }}'
PRODUCTS = "product { variants { product { variants { product { variants { sku } } } } } }"
FIELDS = "".join(f"b{n}: __schema {{ types {{ fields {{ name }} }} }} " for n in range(9))
CHEAP = "{ viewer { channel } }"
ROUTE = """query($lines: [VariantQuantityInput!]!) { routePreview(
  lines: $lines, near: { latitude: 41.8, longitude: 123.4 }, method: STORE_DELIVERY) { __typename } }"""
PUBLIC = "{ brands { name } }"
RESTORE = 10_000  # a second; so slow that it makes no difference while a test runs


@pytest.fixture(autouse=True)
def nothing_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the buckets stands still."""
    make = cost_buckets.LocalCostBuckets
    monkeypatch.setattr(cost_buckets, "LocalCostBuckets", lambda *_: make(lambda: 0.0))


@pytest.fixture
def poor(settings: Settings) -> Settings:
    """A server whose visitors may spend little."""
    return replace(
        settings, cost_limit_anonymous=35_000, cost_restore_anonymous=RESTORE, cost_burst_seconds=4
    )


BUCKET = 4 * RESTORE


async def post(api: Api, query: str, **more: Any) -> httpx.Response:
    headers = {**api.headers, "Accept": GRAPHQL}
    return await api.client.post("/graphql", json={"query": query, **more}, headers=headers)


def code_of(response: httpx.Response) -> str:
    (error,) = response.json()["errors"]
    return str(error["extensions"]["code"])


async def test_the_bomb_is_refused_before_it_runs(api: Api, count_statements: Any) -> None:
    await post(api, CHEAP)
    with count_statements() as statements:
        refused = await post(api, BOMB)
    assert refused.status_code == 400
    (error,) = refused.json()["errors"]
    assert error["extensions"]["code"] == "COST_EXCEEDED"
    limit = api.settings.cost_limit_anonymous
    assert error["extensions"]["cost"]["limit"] == limit
    requested = error["extensions"]["cost"]["requested"]
    assert requested > 1_000 * limit
    assert str(requested) in error["message"]
    assert str(limit) in error["message"]
    assert not any("parent_id" in statement for statement in statements)


@pytest.mark.parametrize(
    "query",
    [f"subscription {{ stockChanged {{ variant {{ {PRODUCTS} }} }} }}", f"{{ {FIELDS} }}"],
)
async def test_what_no_plan_covers_has_a_price_too(settings: Settings, query: str) -> None:
    async with serving(replace(settings, cost_limit_anonymous=20_000)) as api, talking(api) as say:
        (message, _) = await say(query)
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "COST_EXCEEDED"


async def test_nodes_are_priced_by_their_ids_and_batches_by_their_rows(settings: Settings) -> None:
    nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Product { variants(first: 10) { sku } } } }"
    stock = "mutation($input: StockSetInput!) { stockSet(input: $input) { levels { version } } }"
    async with serving(replace(settings, cost_limit_anonymous=10_000)) as api:
        assert (await post(api, nodes, variables={"ids": ["x"] * 20})).status_code == 200
        assert code_of(await post(api, nodes, variables={"ids": ["x"] * 240})) == "COST_EXCEEDED"
        row = {"locationCode": "S01", "sku": "A", "quantity": 1}
        rows = {"input": {"idempotencyKey": "a", "rows": [row] * 500}}
        assert code_of(await post(api, stock, variables=rows)) == "COST_EXCEEDED"


def cost_of(response: httpx.Response) -> dict[str, int]:
    cost: dict[str, int] = response.json()["extensions"]["cost"]
    return cost


async def test_what_finds_nothing_is_paid_for_by_what_it_did(api: Api) -> None:
    nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    unknown = [global_id(kind, 10**12) for kind in Node.kinds]
    nothing = await post(api, nodes, variables={"ids": unknown})
    assert set(nothing.json()["data"]["nodes"]) == {None}
    cost = cost_of(nothing)
    assert cost["requested"] >= cost["actual"] >= STATEMENT * len(unknown)
    junk = cost_of(await post(api, nodes, variables={"ids": ["x"] * 250}))
    assert junk["actual"] == OPERATION + STATEMENT + 250 * LEAF_ITEM


async def test_rows_of_a_query_are_paid_for_whatever_is_found(api: Api) -> None:
    api = await api.staff()

    async def cost(rows: int) -> int:
        line = {"variantId": global_id("Variant", 10**12), "quantity": 1}
        answer = await post(api, ROUTE, variables={"lines": [line] * rows})
        return cost_of(answer)["actual"]

    assert await cost(9) - await cost(1) == 8 * ITEM


async def test_codes_are_paid_for_before_they_are_looked_up(
    poor: Settings, count_statements: Any
) -> None:
    nodes = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    asked = {"variables": {"ids": [f"{kind}:none" for kind in KINDS]}}
    async with serving(poor) as api:
        before = cost_of(await post(api, CHEAP))["available"]
        spent = cost_of(await post(api, nodes, **asked))
        taken = before - cost_of(await post(api, CHEAP))["available"] - OPERATION
        assert taken - spent["actual"] >= STATEMENT * len(KINDS)
        for _ in range(BUCKET):
            if (answer := await post(api, nodes, **asked)).status_code == 429:
                break
        with count_statements() as statements:
            answer = await post(api, nodes, **asked)
        assert (answer.status_code, code_of(answer)) == (429, "RATE_LIMITED")
        assert not [each for each in statements if "sales_order" in each]


async def test_limits_are_of_the_caller(settings: Settings) -> None:
    dear = "{ products(first: 250) { edges { node { variants { available price { amount } } } } } }"
    limited = replace(settings, cost_limit_anonymous=31_000, cost_limit_guest=10_000)
    async with serving(limited) as api:
        assert code_of(await post(api, dear)) == "COST_EXCEEDED"
        assert code_of(await post(await api.guest(), dear)) == "COST_EXCEEDED"
        assert (await post(await api.staff(), dear)).status_code == 200


async def test_each_answer_says_what_it_cost_and_what_is_left(api: Api) -> None:
    first, second = await post(api, CHEAP), await post(api, CHEAP)
    cost, then = (each.json()["extensions"]["cost"] for each in (first, second))
    assert set(cost) == {"requested", "actual", "available", "restoreRate"}
    assert 0 < cost["actual"] <= cost["requested"]
    assert cost["restoreRate"] == api.settings.cost_restore_anonymous
    assert then["available"] == cost["available"] - then["actual"]
    assert first.headers["ratelimit-policy"] == '"anonymous";q=2500000;qu="cost";w=10'
    assert second.headers["ratelimit"].startswith(f'"anonymous";r={then["available"]};t=')
    member = await api.guest()
    assert '"guest"' in (await post(member, CHEAP)).headers["ratelimit"]


async def test_the_same_answer_again_says_what_it_costs_now(api: Api) -> None:
    """Whole answers are kept, their costs are not."""
    costs = [(await post(api, PUBLIC)).json()["extensions"]["cost"] for _ in range(4)]
    available = [cost["available"] for cost in costs]
    assert available == sorted(set(available), reverse=True)


async def test_what_caches_may_keep_does_not_say_what_somebody_has_left(api: Api) -> None:
    answers = [await api.client.get("/graphql", params={"query": PUBLIC}) for _ in range(2)]
    for answer in answers:
        assert answer.json() == {"data": {"brands": []}}
        assert "ratelimit" not in answer.headers
    assert answers[0].headers["etag"] == answers[1].headers["etag"]


async def test_who_has_spent_everything_waits(poor: Settings) -> None:
    async with serving(poor) as api:
        answers = [await post(api, CHEAP) for _ in range(BUCKET // 350)]
        assert answers[0].status_code == 200
        spent = answers[-1]
        assert spent.status_code == 429
        assert int(spent.headers["retry-after"]) >= 1
        assert spent.headers["ratelimit"].startswith('"anonymous";r=')
        (error,) = spent.json()["errors"]
        assert error["extensions"]["code"] == "RATE_LIMITED"
        assert error["extensions"]["cost"]["available"] < error["extensions"]["cost"]["requested"]
        chinese = await post(api.speaking("zh"), CHEAP)
        assert "请在" in chinese.json()["errors"][0]["message"]


async def test_one_caller_who_has_spent_everything_is_one_caller(poor: Settings) -> None:
    async with serving(poor) as api:
        staff = await api.staff()
        while (await post(api, CHEAP)).status_code == 200:
            pass
        assert (await post(staff, CHEAP)).status_code == 200


async def test_new_documents_are_paid_for_by_whoever_asks(poor: Settings) -> None:
    """Refused ones, too; but the same one is not read again."""
    async with serving(poor) as api:
        staff = await api.staff()
        wrong = [await post(api, f"{{ nothing{number} }}") for number in range(BUCKET // 500)]
        assert wrong[0].status_code == 400
        assert wrong[-1].status_code == 429
        assert '"anonymous"' in wrong[-1].headers["ratelimit"]
        assert (await post(staff, "{ viewer { channel permissions } }")).status_code == 200
        forged = await post(api.as_("nobody"), "{ nothing }")
        assert forged.status_code == 401, "nothing is read for who is nobody"
    async with serving(replace(poor, cost_limit_guest=1)) as api:
        same = [await post(api, "{ nothing }") for _ in range(BUCKET // 500)]
        assert {answer.status_code for answer in same} == {400}


async def test_a_new_document_locks_nobody_out_however_long_it_is(settings: Settings) -> None:
    small = replace(
        settings, cost_limit_staff=2_000, cost_restore_staff=1_000, cost_burst_seconds=2
    )
    async with serving(replace(small, cost_restore_anonymous=250_000)) as api:
        cheap = await post(await api.staff(), CHEAP + "#" + "x" * 20_000)
        assert cheap.status_code == 200
        assert cheap.json()["extensions"]["cost"]["available"] < 1_000


LARGE = BUCKET // 4  # what it costs to read


def large(text: str) -> bytes:
    """A poor visitor can pay for some of them, and for one after staff have signed in."""
    return text.encode() + b" " * (LARGE * 1_000 // KILOBYTE)


async def test_large_bodies_are_paid_for_by_their_address_before_they_are_read(
    poor: Settings,
) -> None:
    async with serving(replace(poor, cost_burst_seconds=8)) as api:
        headers = {"Content-Type": "application/json", "Accept": GRAPHQL}
        staff = await api.staff()
        wrong = await api.client.post("/graphql", content=large("{"), headers=headers)
        assert wrong.status_code == 400
        for _ in range(2 * BUCKET // LARGE):
            spent = await api.client.post("/graphql", content=large("{"), headers=headers)
        assert spent.status_code == 429
        assert int(spent.headers["retry-after"]) >= 1
        assert code_of(spent) == "RATE_LIMITED"
        for caller in (staff, api):
            assert (await post(caller, CHEAP)).status_code == 200, "they are in their operation"


async def test_large_operations_beside_files_are_paid_for_by_their_address(poor: Settings) -> None:
    operations = large(json.dumps({"query": CHEAP, "variables": {"file": None}}))
    async with serving(replace(poor, cost_burst_seconds=8)) as api:
        staff = await api.staff()

        async def upload() -> httpx.Response:
            return await api.client.post(
                "/graphql",
                data={"operations": operations, "map": json.dumps({"0": ["variables.file"]})},
                files={"0": b"x"},
                headers={**staff.headers, "Apollo-Require-Preflight": "true", "Accept": GRAPHQL},
            )

        answers = [(await upload()).status_code for _ in range(2 * BUCKET // LARGE)]
        assert answers == sorted(answers)
        assert {*answers} == {200, 429}


async def test_large_messages_are_paid_for_by_their_address(poor: Settings) -> None:
    async with serving(poor) as api, talking(api) as say:
        answer, socket = await say(CHEAP)
        assert answer["type"] == "next"
        heard: list[str] = []

        async def go_on() -> None:
            for _ in range(10):
                await socket.send(large('{"type": "ping"}').decode())
                heard.append(json.loads(await socket.recv())["type"])

        with pytest.raises(ConnectionClosed) as closed:
            await go_on()
        assert heard == ["pong"] * 4
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4429


async def test_guests_of_one_address_share_what_its_visitors_may_spend(poor: Settings) -> None:
    rich = replace(poor, cost_limit_guest=35_000, cost_restore_guest=10 * RESTORE)
    async with serving(rich) as api:
        one, other = await api.guest(), await api.guest()
        answers = [await post(one, CHEAP)]
        assert '"guest"' in answers[0].headers["ratelimit"]
        while answers[-1].status_code == 200:
            answers.append(await post(one, CHEAP))
        assert '"anonymous"' in answers[-1].headers["ratelimit"]
        assert len(answers) < BUCKET // 100
        assert (await post(other, CHEAP)).status_code == 429
        assert (await post(api, CHEAP)).status_code == 429


async def test_one_guest_takes_nothing_from_the_next_beyond_their_own(poor: Settings) -> None:
    tight = replace(poor, cost_limit_guest=2_000, cost_restore_guest=500)
    async with serving(tight) as api:
        one, other = await api.guest(), await api.guest()
        while (spent := await post(one, CHEAP)).status_code == 200:
            pass
        assert '"guest"' in spent.headers["ratelimit"]
        assert (await post(other, CHEAP)).status_code == 200
        assert (await post(api, CHEAP)).status_code == 200


async def test_a_document_named_by_its_hash_costs_the_same(api: Api) -> None:
    from hashlib import sha256

    digest = sha256(BOMB.encode()).hexdigest()
    named = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    told = {"query": BOMB, "extensions": named}
    for body in (told, {"extensions": named}):
        answer = await api.client.post("/graphql", json=body, headers={"Accept": GRAPHQL})
        assert code_of(answer) == "COST_EXCEEDED"


@asynccontextmanager
async def talking(api: Api) -> AsyncIterator[Any]:
    """`say(query)` answers the first message about an operation and whether it was the last."""
    url = api.settings.base_url.replace("http", "ws", 1) + "/graphql"
    async with websockets.connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send(json.dumps({"type": "connection_init", "payload": api.headers}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"

        async def say(query: str) -> tuple[dict[str, Any], Any]:
            identifier = uuid.uuid4().hex
            message = {"id": identifier, "type": "subscribe", "payload": {"query": query}}
            await socket.send(json.dumps(message))
            answer = json.loads(await asyncio.wait_for(socket.recv(), 60))
            if answer["type"] == "next":
                assert json.loads(await socket.recv())["type"] == "complete"
            return answer, socket

        yield say


async def test_a_socket_pays_from_the_same_bucket(poor: Settings) -> None:
    async with serving(poor) as api, talking(api) as say:
        before = (await post(api, CHEAP)).json()["extensions"]["cost"]["available"]
        answer, _ = await say(CHEAP)
        cost = answer["payload"]["extensions"]["cost"]
        assert cost["available"] == before - cost["actual"]


async def test_a_socket_that_goes_on_asking_for_too_much_is_closed(poor: Settings) -> None:
    async with serving(poor) as api, talking(api) as say:
        answers: list[Any] = []

        async def go_on() -> None:
            for _ in range(500):
                answer, _ = await say(CHEAP)
                answers.append(answer)

        with pytest.raises(ConnectionClosed) as closed:
            await go_on()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4429
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert len(refused) == MOST_UNPAID
        assert answers[-MOST_UNPAID:] == refused  # before, all were answered
        assert {each["payload"][0]["extensions"]["code"] for each in refused} == {"RATE_LIMITED"}
        assert len(answers) < 500


async def test_processes_count_together_by_redis(
    poor: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    prefix = f"quintet-test:{uuid.uuid4().hex}:"
    redis = Redis.from_url(REDIS, socket_timeout=2)
    try:
        await redis.ping()
    except (OSError, RedisError):
        pytest.skip("there is no Redis")
    make = cost_buckets.SharedCostBuckets
    monkeypatch.setattr(
        cost_buckets, "SharedCostBuckets", lambda link: make(link, prefix=prefix, now=lambda: 0.0)
    )
    shared = replace(poor, redis_url=REDIS)
    elsewhere = make(RedisLink(REDIS), prefix=prefix, now=lambda: 0.0)
    async with serving(shared) as api:
        spent = (await post(api, CHEAP)).json()["extensions"]["cost"]["requested"]
        for _ in range(BUCKET // 2 // 1_000):
            await elsewhere.take("ANONYMOUS:127.0.0.1", 1_000, Bucket(BUCKET, RESTORE))
        answers = [await post(api, CHEAP) for _ in range(BUCKET // spent)]
    served = sum(answer.status_code == 200 for answer in answers)
    assert BUCKET // 4 // spent < served <= BUCKET // 2 // spent
    await elsewhere.stop()
    async for key in redis.scan_iter(prefix + "*"):
        await redis.delete(key)
    await redis.aclose()
