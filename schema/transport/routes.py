"""Where GraphQL is found: one path for HTTP and WebSocket, and the files of its GraphiQL page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from schema.operations.operations import Operations
from schema.transport.graphiql import ASSETS_PATH, graphiql_assets
from schema.transport.http import GraphQLOverHTTP
from schema.transport.multipart import Uploads
from schema.transport.websocket.going_away import Wait, never
from schema.transport.websocket.websocket import GraphQLOverWebSocket
from serving.body_room import BodyRoom

C = TypeVar("C")


def graphql_routes(
    operations: Operations[C],
    *,
    path: str = "/graphql",
    graphiql: bool = True,
    public_seconds: int = 0,
    allowed_origins: Sequence[str] = (),
    local_pages: bool = False,
    uploads: Uploads | None = None,
    bodies: BodyRoom | None = None,
    going_away: Wait = never,
) -> list[BaseRoute]:
    http = GraphQLOverHTTP(
        operations,
        graphiql=graphiql,
        public_seconds=public_seconds,
        uploads=uploads,
        bodies=bodies,
    )
    routes: list[BaseRoute] = [
        Route(path, http),
        WebSocketRoute(
            path,
            GraphQLOverWebSocket(
                operations,
                allowed_origins=allowed_origins,
                local_pages=local_pages,
                going_away=going_away,
            ),
        ),
    ]
    if graphiql:
        routes.append(Mount(ASSETS_PATH, graphiql_assets()))
    return routes


class Shortcut:
    """Leads requests for the path of one route straight to it, past all routing and middleware.

    Starlette takes as long to find the way as the way itself takes.
    """

    def __init__(self, route: Route, app: ASGIApp) -> None:
        self.route = route
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == self.route.path:
            scope["route"] = self.route
            await self.route.endpoint(scope, receive, send)
        else:
            await self.app(scope, receive, send)
