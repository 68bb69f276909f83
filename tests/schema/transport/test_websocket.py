"""graphql-transport-ws: subscriptions, credentials in connection_init, hostile messages."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from schema.transport.websocket import handler as websocket_handler
from schema.transport.websocket.websocket import GraphQLOverWebSocket
from tests.schema.toy_server import LEDGER, serve, toy_operations, toy_server

TRANSPORT_WS = Subprotocol("graphql-transport-ws")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with toy_server() as address:
        yield f"ws://{address}/graphql"


def raw_socket() -> socket.socket:
    """One that takes little before it is read from."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    return sock


async def receive(client: ClientConnection) -> dict[str, Any]:
    message = await asyncio.wait_for(client.recv(), 60)
    assert isinstance(message, str), "messages are text frames"
    return json.loads(message)


@asynccontextmanager
async def connected(
    url: str, payload: object = None, headers: dict[str, str] | None = None
) -> AsyncIterator[ClientConnection]:
    async with connect(url, subprotocols=[TRANSPORT_WS], additional_headers=headers) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert await receive(socket) == {"type": "connection_ack"}
        yield socket


async def subscribe(
    socket: ClientConnection, query: str, identifier: str = "1", **more: Any
) -> None:
    payload = {"query": query, **more}
    await socket.send(json.dumps({"id": identifier, "type": "subscribe", "payload": payload}))


async def run(socket: ClientConnection, query: str, **more: Any) -> list[dict[str, Any]]:
    """All messages of one operation, up to its end."""
    await subscribe(socket, query, **more)
    messages = [await receive(socket)]
    while messages[-1]["type"] == "next":
        messages.append(await receive(socket))
    assert {message.pop("id") for message in messages} == {"1"}
    return messages


async def close_code(socket: ClientConnection) -> tuple[int, str]:
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(socket.recv(), 60)
    return socket.close_code or 0, socket.close_reason or ""


async def eventually(condition: Callable[[], bool]) -> None:
    for _ in range(3000):
        if condition():
            return
        await asyncio.sleep(0.01)
    pytest.fail("it never came true")


async def test_a_subscription_streams_events_with_their_extensions(url: str) -> None:
    async with connected(url) as socket:
        messages = await run(socket, "subscription { ticks(to: 2) { number } }")
    assert messages == [
        {
            "type": "next",
            "payload": {"data": {"ticks": {"number": n}}, "extensions": {"sequence": str(n)}},
        }
        for n in (1, 2)
    ] + [{"type": "complete"}]


async def test_each_event_is_resolved_in_a_context_of_its_own(url: str) -> None:
    async with connected(url) as socket:
        messages = await run(socket, "subscription { ticks { remembered } }")
    remembered = [m["payload"]["data"]["ticks"]["remembered"] for m in messages[:-1]]
    assert remembered == [1, 1, 1]


async def test_queries_and_mutations_run_too_each_in_a_fresh_context(url: str) -> None:
    async with connected(url) as socket:
        mutations = LEDGER.mutations
        assert (await run(socket, "mutation { record }"))[-1] == {"type": "complete"}
        assert LEDGER.mutations == mutations + 1
        answers = [await run(socket, "{ remembered }") for _ in range(2)]
    assert [answer[0]["payload"] for answer in answers] == [{"data": {"remembered": 1}}] * 2


async def test_variables_and_operation_name(url: str) -> None:
    query = "query A($n: String!) { hello(name: $n) } query B { crash }"
    async with connected(url) as socket:
        messages = await run(socket, query, variables={"n": "韩梅梅"}, operationName="A")
    assert messages[0]["payload"]["data"]["hello"].startswith("Hello 韩梅梅")


async def test_connection_init_may_carry_headers_in_any_case(url: str) -> None:
    payload = {"authorization": "Bearer t", "ACCEPT-LANGUAGE": "zh", "Cookie": {"x": 1}}
    async with connected(url, payload) as socket:
        messages = await run(socket, "{ hello }")
    assert messages[0]["payload"]["data"]["hello"] == "Hello you, Bearer t, zh"


async def test_real_headers_come_first(url: str) -> None:
    payload = {"Authorization": "Bearer payload"}
    async with connected(url, payload, {"Authorization": "Bearer header"}) as socket:
        messages = await run(socket, "{ hello }")
    assert "Bearer header" in messages[0]["payload"]["data"]["hello"]


async def test_bad_credentials_close_with_4403(url: str) -> None:
    async with connect(url, subprotocols=[TRANSPORT_WS]) as socket:
        payload = {"Authorization": "Bearer bad"}
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert await close_code(socket) == (4403, "Forbidden")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { nothing }", "INVALID"),
        ("{", "INVALID"),
        ("subscription($n: Int!) { ticks(to: $n) { number } }", "INVALID"),
        ("{ node { child { child { child { child { name } } } } } }", "INVALID"),
        ("subscription { denied }", "UNAUTHENTICATED"),
        ("{ unserialisable }", "INTERNAL"),
    ],
)
async def test_a_refused_operation_answers_error_and_the_connection_lives(
    url: str, query: str, code: str
) -> None:
    async with connected(url) as socket:
        (message,) = await run(socket, query)
        assert message["type"] == "error"
        assert [error["extensions"]["code"] for error in message["payload"]] == [code]
        assert (await run(socket, "{ hello }"))[0]["type"] == "next"


async def test_errors_of_fields_are_masked(url: str) -> None:
    async with connected(url) as socket:
        messages = await run(socket, "{ node { name broken } }")
    assert messages[0]["payload"]["data"] == {"node": {"name": "root", "broken": None}}
    assert messages[0]["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in json.dumps(messages)


async def test_complete_and_hanging_up_close_the_stream(url: str) -> None:
    closed = LEDGER.closed_streams
    async with connected(url) as socket:
        await subscribe(socket, "subscription { forever }")
        assert (await receive(socket))["type"] == "next"
        await socket.send(json.dumps({"id": "1", "type": "complete"}))
        await eventually(lambda: LEDGER.closed_streams == closed + 1)
        await subscribe(socket, "subscription { forever }")
        assert (await receive(socket))["type"] == "next"
    await eventually(lambda: LEDGER.closed_streams == closed + 2)


async def test_ping_is_answered(url: str) -> None:
    async with connected(url) as socket:
        await socket.send(json.dumps({"type": "ping", "payload": {"x": 1}}))
        assert await receive(socket) == {"type": "pong"}


async def test_subscribing_before_init_closes_with_4401(url: str) -> None:
    async with connect(url, subprotocols=[TRANSPORT_WS]) as socket:
        await subscribe(socket, "{ hello }")
        assert await close_code(socket) == (4401, "Unauthorized")


@pytest.mark.parametrize(
    "message",
    [
        "no json",
        b"{}",
        "[]",
        "1",
        '{"type": 1}',
        '{"type": "start"}',
        '{"type": "complete"}',
        '{"type": "subscribe", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": {}, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 1}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "variables": []}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{a}", "operationName": {}}}',
    ],
)
async def test_hostile_messages_close_with_4400(url: str, message: str | bytes) -> None:
    async with connected(url) as socket:
        await socket.send(message)
        code, reason = await close_code(socket)
    assert code == 4400
    assert reason


@pytest.mark.parametrize(
    "payload", [[1], "x", {"Authorization": 1}, {"authorization": "x" * 9_000}]
)
async def test_hostile_init_payloads_close_with_4400(url: str, payload: object) -> None:
    async with connect(url, subprotocols=[TRANSPORT_WS]) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert (await close_code(socket))[0] == 4400


async def test_a_silent_client_is_closed_and_a_busy_one_told() -> None:
    endpoint = GraphQLOverWebSocket(
        toy_operations(), connection_init_timeout_seconds=0.1, max_operations_per_connection=1
    )
    with serve(Starlette(routes=[WebSocketRoute("/graphql", endpoint)])) as address:
        async with connect(f"ws://{address}/graphql", subprotocols=[TRANSPORT_WS]) as socket:
            assert (await close_code(socket))[0] == 4408
        async with connected(f"ws://{address}/graphql") as socket:
            await subscribe(socket, "subscription { forever }", "1")
            assert (await receive(socket))["type"] == "next"
            await subscribe(socket, "{ hello }", "2")
            refusal = await receive(socket)
    assert (refusal["type"], refusal["id"]) == ("error", "2")
    assert refusal["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"


async def test_what_waits_for_a_client_that_does_not_read_is_bounded(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(websocket_handler, "SLOW_SECONDS", 0.5)
    LEDGER.flooded, closed = 0, LEDGER.closed_streams
    with raw_socket() as sock:
        host, _, port = url.removeprefix("ws://").removesuffix("/graphql").partition(":")
        sock.connect((host, int(port)))
        sock.setblocking(False)
        async with connect(
            url, subprotocols=[TRANSPORT_WS], sock=sock, compression=None, max_queue=1
        ) as client:
            await client.send(json.dumps({"type": "connection_init"}))
            await receive(client)
            await subscribe(client, "subscription { flood }")
            await eventually(lambda: LEDGER.closed_streams == closed + 1)
            sent = LEDGER.flooded
            assert 1 < sent < 400  # 65 kB each, most of it in the kernel's buffers
            with pytest.raises(ConnectionClosed):
                await anext(message async for message in client if message == "the last")
            assert client.close_code == websocket_handler.TOO_SLOW
            assert LEDGER.flooded == sent


async def test_an_id_is_used_once_at_a_time(url: str) -> None:
    async with connected(url) as socket:
        await subscribe(socket, "subscription { forever }")
        assert (await receive(socket))["type"] == "next"
        await subscribe(socket, "{ hello }")
        assert (await close_code(socket))[0] == 4409


async def test_the_legacy_protocol_is_not_spoken(url: str) -> None:
    async with connect(url, subprotocols=[Subprotocol("graphql-ws")]) as socket:
        assert socket.subprotocol is None
        assert (await close_code(socket))[0] == 4406


async def test_pages_of_other_origins_are_refused(url: str) -> None:
    headers = {"Origin": "https://evil.example"}
    with pytest.raises(InvalidStatus, match="403"):
        await connect(url, subprotocols=[TRANSPORT_WS], additional_headers=headers)
