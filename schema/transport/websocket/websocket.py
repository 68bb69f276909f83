"""GraphQL over WebSocket, by the graphql-transport-ws subprotocol alone.

The protocol's states are Strawberry's; operations run through the same `Operations` as over HTTP,
each with a fresh context, so that its loaders see the present and a token that has run out is
noticed at the next operation.

Source: GraphQL over WebSocket Protocol,
https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import timedelta
from functools import partial
from typing import Generic, TypeVar, cast

import orjson
from graphql import OperationType
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry import UNSET
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    Operation,
)
from strawberry.types.unset import UnsetType

from models.errors import Denial
from schema.cost.purses import BudgetSpent
from schema.operations.answer import Answer
from schema.operations.documents.documents import DocumentRefused
from schema.operations.operations import Operations
from schema.operations.request import GraphQLRequest
from schema.operations.subscription_auth import while_confirmed
from schema.transport.connection import Connection, address_of
from schema.transport.cross_origin import LocalPages
from schema.transport.http_request import holds_nul, is_intricate
from schema.transport.websocket.going_away import Wait, never
from schema.transport.websocket.handler import OperationHandler
from schema.transport.websocket.paid_messages import paid

C = TypeVar("C")


class GraphQLOverWebSocket(LocalPages, GraphQL[Connection, None], Generic[C]):
    """ASGI application for the WebSocket side of `Operations`.

    `allowed_origins`: pages of other origins that may connect, "*" for any; with `local_pages` also those
    from this machine. Clients outside browsers send no Origin and always may.
    """

    graphql_transport_ws_handler_class = OperationHandler

    def __init__(
        self,
        operations: Operations[C],
        *,
        allowed_origins: Sequence[str] = (),
        local_pages: bool = False,
        connection_init_timeout_seconds: float = 10,
        max_operations_per_connection: int = 100,
        going_away: Wait = never,
    ) -> None:
        super().__init__(
            operations.schema,
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL,),
            connection_init_wait_timeout=timedelta(seconds=connection_init_timeout_seconds),
            max_subscriptions_per_connection=None,
            allowed_origins=allowed_origins,
        )
        self.operations = operations
        self.local_pages = local_pages
        self.max_operations_per_connection = max_operations_per_connection
        self.going_away = going_away

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pay = partial(self.operations.charge_body, address_of(scope))
        await self.operations.turns.begin()  # of hundreds of handshakes that come at once
        await super().__call__(scope, paid(receive, send, pay), send)

    async def get_context(
        self, request: Request | WebSocket, response: Response | WebSocket
    ) -> Connection:
        return Connection(cast("WebSocket", request))

    async def identify(self, connection: Connection) -> C:
        """Raises: a Denial."""
        return await self.operations.context_factory(
            connection.websocket, connection.connection_params
        )

    async def on_ws_connect(self, context: Connection) -> UnsetType:
        """Refuse bad credentials at once rather than at the first operation."""
        try:
            await self.identify(context)
        except Denial as denial:
            raise ConnectionRejectionError from denial
        return UNSET

    def encode_json(self, data: object) -> str:
        # Text, since bytes would become binary frames, which the protocol does not know.
        return orjson.dumps(data).decode()

    def decode_json(self, data: str | bytes) -> object:
        if holds_nul(data):
            raise orjson.JSONDecodeError("NUL characters are not accepted", "", 0)
        if is_intricate(data):
            raise orjson.JSONDecodeError("too many values", "", 0)
        return orjson.loads(data)

    async def run_operation(
        self, operation: Operation[Connection, None], connection: Connection
    ) -> AsyncGenerator[Answer, None]:
        """The answers to one operation; whatever goes wrong, denial or defect, is one too."""
        operations = self.operations
        operation_type = "unknown"
        context: C | None = None
        try:
            prepared = operations.documents.prepare(operation.query)
            chosen = prepared.operation(operation.operation_name)
            operation_type = chosen.type.value
            context = await self.identify(connection)
            request = GraphQLRequest(operation.query, operation.variables)
            charge = await operations.charge(chosen, request, context)
            connection.unpaid = 0
            asked = (operation.variables, operation.operation_name, context)
            if chosen.type is OperationType.SUBSCRIPTION:
                confirmed = partial(self._confirm, connection, context)
                with operations.watch(context) as changed:
                    async with (
                        aclosing(operations.answers(chosen, *asked, charge)) as answers,
                        aclosing(while_confirmed(answers, confirmed, changed)) as allowed,
                    ):
                        async for answer in allowed:
                            operations.observe(operation_type, answer.outcome)
                            yield answer
                return
            answer = await operations.answer(chosen, *asked)
            if charge is not None:
                charge.settle(answer.cost)
                answer = answer.extended(charge.extensions)
        except DocumentRefused as refused:
            answer = operations.refused(refused.errors)
        except BudgetSpent as spent:
            connection.unpaid += 1
            answer = operations.failed(spent, context)
        except Exception as error:  # noqa: BLE001  # masked by format_error, logged by report
            answer = operations.failed(error, context)
        operations.observe(operation_type, answer.outcome)
        yield answer

    async def _confirm(self, connection: Connection, begun: C) -> None:
        """Raises what the credentials of a connection would be refused with by now."""
        self.operations.confirm(begun, await self.identify(connection))
