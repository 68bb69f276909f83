"""A small schema behind our own HTTP and WebSocket doors, on a real server."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import strawberry
import uvicorn
from graphql import GraphQLError
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from strawberry.scalars import JSON
from strawberry.types import Info

from models.errors import Denial, NotSignedIn
from schema.operations.documents.limits import Limits
from schema.operations.documents.persisted import PersistedDocuments
from schema.operations.operations import Operations
from schema.transport.connection import header
from schema.transport.routes import graphql_routes


@dataclass(slots=True)
class ToyContext:
    token: str | None
    language: str | None
    memory: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Ledger:
    """What happened behind the doors."""

    contexts: int = 0
    closed_streams: int = 0
    flooded: int = 0
    mutations: int = 0
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)


LEDGER = Ledger()


def secret() -> int:
    raise RuntimeError("password=hunter2")


@strawberry.type
class Node:
    name: str

    @strawberry.field
    def child(self) -> Node:
        return Node(name=self.name + "'")

    @strawberry.field
    def broken(self) -> int | None:
        return secret()

    @strawberry.field
    def denied(self) -> int | None:
        raise NotSignedIn


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, info: Info[ToyContext, None], name: str = "you") -> str:
        return f"Hello {name}, {info.context.token}, {info.context.language}"

    @strawberry.field
    def node(self) -> Node:
        return Node(name="root")

    @strawberry.field
    def crash(self) -> int:
        return secret()

    @strawberry.field
    def unserialisable(self) -> JSON:
        return JSON({1, 2})

    @strawberry.field
    def remembered(self, info: Info[ToyContext, None]) -> int:
        info.context.memory["times"] = info.context.memory.get("times", 0) + 1
        return int(info.context.memory["times"])


@strawberry.type
class Mutation:
    @strawberry.mutation
    def record(self) -> int:
        LEDGER.mutations += 1
        return LEDGER.mutations


@strawberry.type
class Tick:
    number: int

    @strawberry.field
    def remembered(self, info: Info[ToyContext, None]) -> int:
        info.context.memory["times"] = info.context.memory.get("times", 0) + 1
        return int(info.context.memory["times"])


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, info: Info[ToyContext, None], to: int = 3) -> AsyncGenerator[Tick, None]:
        for number in range(1, to + 1):
            info.context.memory["event_extensions"] = {"sequence": str(number)}
            yield Tick(number=number)

    @strawberry.subscription
    async def forever(self) -> AsyncGenerator[int, None]:
        try:
            yield 1
            await asyncio.Event().wait()
        finally:
            LEDGER.closed_streams += 1

    @strawberry.subscription
    async def flood(self) -> AsyncGenerator[str, None]:
        try:
            while True:
                LEDGER.flooded += 1
                yield "x" * 65_536
        finally:
            LEDGER.closed_streams += 1

    @strawberry.subscription
    async def denied(self) -> AsyncGenerator[int, None]:
        raise NotSignedIn
        yield 0


schema = strawberry.Schema(Query, Mutation, Subscription)


async def toy_context(connection: HTTPConnection, params: dict[str, str] | None) -> ToyContext:
    LEDGER.contexts += 1
    token = header(connection, params, "Authorization")
    if token == "Bearer bad":
        raise NotSignedIn("The token is not valid.")
    if token == "Bearer defect":
        secret()
    return ToyContext(token, header(connection, params, "Accept-Language"))


def toy_error(error: GraphQLError, context: ToyContext | None) -> dict[str, Any]:
    formatted: dict[str, Any] = dict(error.formatted)
    cause = error.original_error
    if isinstance(cause, Denial):
        formatted["extensions"] = {"code": cause.code}
    elif cause is not None:
        formatted["message"] = "Something went wrong."
        formatted["extensions"] = {"code": "INTERNAL"}
    return formatted


def observe(operation_type: str, outcome: str) -> None:
    LEDGER.outcomes[operation_type, outcome] += 1


def toy_operations(
    limits: Limits | None = None, persisted: PersistedDocuments | None = None
) -> Operations[ToyContext]:
    return Operations(
        schema,
        toy_context,
        toy_error,
        limits=limits or Limits(max_body_bytes=20_000, max_depth=5, max_aliases=4, max_tokens=200),
        event_context=lambda context: replace(context, memory={}),
        event_extensions=lambda context: context.memory.get("event_extensions"),
        observe=observe,
        persisted=persisted,
    )


@contextmanager
def toy_server(persisted: PersistedDocuments | None = None) -> Iterator[str]:
    """The address of a running server, such as `127.0.0.1:40123`."""
    app = Starlette(routes=graphql_routes(toy_operations(persisted=persisted), public_seconds=60))
    with serve(app) as address:
        yield address


@contextmanager
def serve(app: Any) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise RuntimeError("the server did not start")
            threading.Event().wait(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(10)
