"""GraphQL over WebSocket, by the graphql-transport-ws subprotocol alone.

The protocol's states are Strawberry's; operations run through the same `Operations` as over HTTP,
each with a fresh context, so that its loaders see the present and a token that has run out is
noticed at the next operation.

Source: GraphQL over WebSocket Protocol,
https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress
from datetime import timedelta
from functools import partial
from typing import Any, Generic, TypeVar, cast

import orjson
from graphql import GraphQLError, OperationType
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry import UNSET
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)
from strawberry.types.unset import UnsetType

from models.errors import Denial
from schema.answer import Answer
from schema.connection import Connection, address_of, connection_params
from schema.cost.purses import BudgetSpent
from schema.cross_origin import LocalPages
from schema.documents import DocumentRefused
from schema.going_away import Wait, never, say_goodbye
from schema.http_request import GraphQLRequest, graphql_request, holds_nul, is_intricate
from schema.operations import Operations
from schema.paid_messages import REASON, TOO_MANY_REQUESTS, paid
from schema.standing import while_confirmed
from schema.websocket_messages import fault_of, send_answer

C = TypeVar("C")

# A client that reads nothing for so long is told to come back, with the last sequence it saw.
SLOW_SECONDS = 15.0
GOODBYE_SECONDS = 15.0
TOO_SLOW = 4413
# A client that sends so many operations one after the other that it cannot pay for is to come back later.
MOST_UNPAID = 20


class OperationHandler(BaseGraphQLTransportWSHandler[Connection, None]):
    """Strawberry's protocol handler with hostile messages refused and operations run our way."""

    view: GraphQLOverWebSocket[Any]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._goodbye: asyncio.Future[tuple[int, str]] = asyncio.get_running_loop().create_future()
        self._subscriptions: set[str] = set()
        self._is_leaving = False

    async def handle(self) -> None:
        """Until the client leaves, the server stops, or the client reads too slowly or asks for too much.

        What is on its way to a client is bounded.
        """
        talking: asyncio.Future[Any] = asyncio.create_task(super().handle())
        waiting: asyncio.Future[Any] = self._goodbye
        leaving = asyncio.create_task(self._leave())
        try:
            await asyncio.wait({talking, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if waiting.done():
                for operation_id in list(self.operations):
                    await self.cleanup_operation(operation_id)
                with suppress(TimeoutError):
                    async with asyncio.timeout(GOODBYE_SECONDS):
                        await self.websocket.close(*waiting.result())
        finally:
            for task in (talking, waiting, leaving):
                task.cancel()
            await asyncio.wait({talking, leaving})

    def _end(self, code: int, reason: str) -> None:
        if not self._goodbye.done():
            self._goodbye.set_result((code, reason))

    async def _leave(self) -> None:
        """When the server stops."""
        await self.view.going_away()
        self._is_leaving = True
        await say_goodbye(self, self._subscriptions)

    async def send_message(self, message: Message) -> None:
        """Wait for room, since the server keeps little for a client that does not read; not for ever."""
        try:
            async with asyncio.timeout(SLOW_SECONDS):
                await super().send_message(message)
        except TimeoutError:
            self._end(TOO_SLOW, "Too slow: subscribe again with after")
            raise WebSocketDisconnected from None

    async def handle_message(self, message: Message) -> None:
        fault = fault_of(message)
        if fault is None:
            await super().handle_message(message)
        else:
            await self.handle_invalid_message(fault)

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        payload = message.get("payload") or {}
        if not isinstance(payload, dict):
            await self.handle_invalid_message("The payload of connection_init must be an object")
            return
        try:
            params: dict[str, object] = {**connection_params(payload)}
        except ValueError as error:
            await self.handle_invalid_message(str(error))
            return
        await super().handle_connection_init({"type": "connection_init", "payload": params})

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        if self._is_leaving:
            return  # it was told to come back, and nothing of this is begun
        limit = self.view.max_operations_per_connection
        if len(self.operations) >= limit and message["id"] not in self.operations:
            sentence = f"At most {limit} operations may run on one connection."
            await self._refuse(
                message, [GraphQLError(sentence, extensions={"code": "LIMIT_EXCEEDED"})]
            )
            return
        if self.connection_acknowledged:
            asked = graphql_request(message["payload"])
            try:
                identify = partial(self.view.identify, self.context)
                operation = await self.view.operations.prepare(
                    asked, identify, address_of(self.context.websocket.scope)
                )
            except DocumentRefused as refused:
                self.view.operations.observe("unknown", "refused")
                await self._refuse(message, refused.errors)
                return
            except Exception as error:  # noqa: BLE001  # masked by format_error, logged by report
                self.view.operations.observe("unknown", "refused")
                self.context.unpaid += isinstance(error, BudgetSpent)
                await self._refuse(message, [GraphQLError(str(error), original_error=error)])
                self._look_at_debts()
                return
            message["payload"]["query"] = asked.query or ""
            if operation.type is OperationType.SUBSCRIPTION:
                self._subscriptions.add(message["id"])
            else:
                self._subscriptions.discard(message["id"])
        await super().handle_subscribe(message)

    async def _refuse(self, message: SubscribeMessage, errors: list[GraphQLError]) -> None:
        payload = self.view.operations.refused(errors).body["errors"]
        await self.send_message({"id": message["id"], "type": "error", "payload": payload})

    async def run_operation(self, operation: Operation[Connection, None]) -> None:
        try:
            async with aclosing(self.view.run_operation(operation, self.context)) as answers:
                async for answer in answers:
                    await send_answer(operation, answer)
                    await self.view.operations.turns.begin()
            await operation.send_operation_message({"id": operation.id, "type": "complete"})
            self._look_at_debts()
        except WebSocketDisconnected:
            self.operations.pop(operation.id, None)
        except Exception as error:  # noqa: BLE001  # an answer that is no JSON; masked and logged
            await send_answer(operation, self.view.operations.failed(error))

    def _look_at_debts(self) -> None:
        if self.context.unpaid >= MOST_UNPAID:
            self._end(TOO_MANY_REQUESTS, REASON)


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
