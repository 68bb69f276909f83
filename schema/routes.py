"""Where GraphQL is found: one path for HTTP and WebSocket, and the files of its GraphiQL page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute

from schema.graphiql import ASSETS_PATH, graphiql_assets
from schema.http import GraphQLOverHTTP
from schema.operations import Operations
from schema.websocket import GraphQLOverWebSocket

C = TypeVar("C")


def graphql_routes(
    operations: Operations[C],
    *,
    path: str = "/graphql",
    graphiql: bool = True,
    allowed_origins: Sequence[str] = (),
) -> list[BaseRoute]:
    routes: list[BaseRoute] = [
        Route(path, GraphQLOverHTTP(operations, graphiql=graphiql)),
        WebSocketRoute(path, GraphQLOverWebSocket(operations, allowed_origins=allowed_origins)),
    ]
    if graphiql:
        routes.append(Mount(ASSETS_PATH, graphiql_assets()))
    return routes
