"""The messages of a WebSocket client that may be sent, and those that answer them."""

from __future__ import annotations

from typing import Any

from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import Operation

from schema.operations.answer import Answer
from schema.transport.http_request import BadRequest, graphql_request


def fault_of(message: object) -> str | None:
    """What is wrong with the shape of a message, in the words of the close reason."""
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return "A message must be an object with a type"
    if message["type"] in ("subscribe", "complete"):
        identifier = message.get("id")
        if not isinstance(identifier, str) or not 0 < len(identifier) <= 128:
            return "id must be a string of 1 to 128 characters"
    if message["type"] == "subscribe":
        return _subscribe_fault(message.get("payload"))
    return None


def _subscribe_fault(payload: object) -> str | None:
    if not isinstance(payload, dict):
        return "The payload of subscribe must be an object"
    try:
        graphql_request(payload)
    except BadRequest as bad:
        return bad.message
    return None


async def send_answer(operation: Operation[Any, None], answer: Answer) -> None:
    message: Any = {"id": operation.id, "type": "next", "payload": answer.body}
    if not answer.executed:
        message = {"id": operation.id, "type": "error", "payload": answer.body["errors"]}
    await operation.send_operation_message(message)
