"""Saying goodbye to WebSockets when their server process stops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)

# As RFC 6455 has it; clients of graphql-transport-ws connect again after it.
GOING_AWAY = 1001
REASON = "Going away: connect again, and subscribe with after"

# Waits until the process stops accepting connections.
Wait = Callable[[], Awaitable[None]]


async def never() -> None:
    """Wait for a stop that nobody has announced."""
    await asyncio.Event().wait()


async def say_goodbye(
    handler: BaseGraphQLTransportWSHandler[Any, Any], subscriptions: Collection[str]
) -> None:
    """End the subscriptions, let queries and mutations be answered, close the connection."""
    for operation_id in subscriptions:
        await handler.cleanup_operation(operation_id)
    running = {operation.task for operation in handler.operations.values() if operation.task}
    if running:
        await asyncio.wait(running)
    await handler.websocket.close(GOING_AWAY, REASON)
