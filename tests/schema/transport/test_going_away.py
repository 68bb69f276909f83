"""WebSockets of a process that stops: what runs is answered, subscribers are told to come back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import strawberry
from starlette.applications import Starlette
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from schema.operations.operations import Operations
from schema.transport.routes import graphql_routes
from serving.application import Application
from serving.listening import listen_on
from serving.running import Server, Timing
from serving.stopping import Stopping
from tests.conftest import free_port
from tests.schema.toy_server import toy_context, toy_error


@strawberry.type
class Query:
    hello: str = "you"


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def slow(self) -> int:
        BEGAN.set()
        await MAY_END.wait()
        return 7


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def forever(self) -> AsyncGenerator[int, None]:
        yield 1
        await asyncio.Event().wait()


BEGAN, MAY_END = asyncio.Event(), asyncio.Event()
SCHEMA = strawberry.Schema(Query, Mutation, Subscription)


@asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    yield


async def test_a_mutation_is_answered_and_a_subscriber_told_to_come_back() -> None:
    stopping = Stopping()
    routes = graphql_routes(Operations(SCHEMA, toy_context, toy_error), going_away=stopping.wait)
    port = free_port()
    server = Server(
        Application(Starlette(routes=routes), nothing, stopping),
        Timing(shutdown=20),
        max_message_bytes=10_000,
    )
    running = asyncio.create_task(server.serve(listen_on("127.0.0.1", port)))
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    url = f"ws://127.0.0.1:{port}/graphql"
    async with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
        await send(socket, type="connection_init")
        assert (await receive(socket))["type"] == "connection_ack"
        await send(socket, id="s", type="subscribe", payload={"query": "subscription { forever }"})
        assert (await receive(socket))["payload"] == {"data": {"forever": 1}}
        await send(socket, id="m", type="subscribe", payload={"query": "mutation { slow }"})
        await BEGAN.wait()
        server.stop()
        await stopping.wait()
        await asyncio.sleep(0.05)
        await send(socket, id="late", type="subscribe", payload={"query": "mutation { slow }"})
        MAY_END.set()
        answers = [await receive(socket), await receive(socket)]
        assert [(answer["id"], answer["type"]) for answer in answers] == [
            ("m", "next"),
            ("m", "complete"),
        ]
        assert answers[0]["payload"] == {"data": {"slow": 7}}
        with pytest.raises(ConnectionClosed):
            await receive(socket)
        assert socket.close_code == 1001
        assert "subscribe with after" in (socket.close_reason or "")
    async with asyncio.timeout(5):
        await running


async def send(socket: Any, **message: object) -> None:
    await socket.send(json.dumps(message))


async def receive(socket: Any) -> dict[str, Any]:
    message: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), 20))
    return message
