"""Messages of a WebSocket that are paid for by their size, before they are read."""

from __future__ import annotations

from starlette.types import Message, Receive, Send

from schema.cost.purses import BudgetSpent
from schema.transport.http_request import Pay

TOO_MANY_REQUESTS = 4429
REASON = "Too many requests: wait as the errors say"


def paid(receive: Receive, send: Send, pay: Pay) -> Receive:
    """`receive`, until a message cannot be paid for: that one ends the connection."""

    async def receive_paid() -> Message:
        message = await receive()
        if message["type"] == "websocket.receive":
            try:
                await pay(len(message.get("text") or message.get("bytes") or ""))
            except BudgetSpent:
                close = {"code": TOO_MANY_REQUESTS, "reason": REASON}
                await send({"type": "websocket.close", **close})
                return {"type": "websocket.disconnect", **close}
        return message

    return receive_paid
