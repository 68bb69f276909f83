"""One WebSocket connection: its messages, and how it ends. The protocol's states are Strawberry's."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from graphql import GraphQLError, OperationType
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from schema.cost.purses import BudgetSpent
from schema.operations.documents.documents import DocumentRefused
from schema.transport.connection import Connection, address_of, connection_params
from schema.transport.http_request import graphql_request
from schema.transport.websocket.going_away import say_goodbye
from schema.transport.websocket.messages import fault_of, send_answer
from schema.transport.websocket.paid_messages import REASON, TOO_MANY_REQUESTS

if TYPE_CHECKING:
    from schema.transport.websocket.websocket import GraphQLOverWebSocket

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
