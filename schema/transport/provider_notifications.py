"""Payment providers' notifications, at `/webhooks/payments/{provider}` and, for a merchant's own account,
`/webhooks/payments/{provider}/{merchant}`."""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gateways import Gateways, PaymentGateway
from gateways.payments import (
    Acknowledgement,
    BadNotification,
    Notification,
    RefundState,
    UnreadableNotification,
)
from resolvers.context import SYSTEM, Context, utc_now
from resolvers.orders.payment import accounts, refunds, settlement
from resolvers.orders.payment.settlement import Outcome
from serving.body_room import BodyRoom, NoRoom
from settings import Settings

MAX_BODY_BYTES = 64 * 1024
DRAINED_BYTES = 16 * 1024 * 1024
# A provider that is not answered 2xx tells us again, and its people see that something is wrong.
STATUSES = {Outcome.UNKNOWN: 404, Outcome.MISMATCHED: 422}
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a notification did, the HTTP status that says so, and how its provider wants to hear it."""

    outcome: str
    status: int = 200
    acknowledgement: Acknowledgement | None = None


def payment_webhooks(settings: Settings, gateways: Gateways, bodies: BodyRoom) -> list[BaseRoute]:
    async def payment_notification(request: Request) -> Response:
        try:
            body = await _body(request, bodies)
        except NoRoom:
            return _response(Answer("too many large requests come at once", 503))
        except ClientDisconnect:
            return _response(Answer("the notification did not come to its end", 400))
        if body is None:
            return _response(Answer("the notification is too long", 413))
        provider = request.path_params["provider"].upper()
        merchant = request.path_params.get("merchant")
        headers = dict(request.headers)
        return _response(await receive(settings, gateways, provider, headers, body, merchant))

    path = "/webhooks/payments/{provider}"
    return [
        Route(each, payment_notification, methods=["POST"]) for each in (path, path + "/{merchant}")
    ]


async def receive(
    settings: Settings,
    gateways: Gateways,
    provider: str,
    headers: dict[str, str],
    body: bytes,
    merchant: str | None = None,
) -> Answer:
    """Verify a notification and settle it; `merchant`: the code of the merchant whose account it is for."""
    gateway = _account(gateways, provider, merchant)
    if gateway is None:
        return Answer("this provider is not configured", 404)
    try:
        said = gateway.verify(headers, body, utc_now())
    except BadNotification as bad:
        log.warning("payment notification refused", provider=provider, why=str(bad))
        return Answer(str(bad), 400 if isinstance(bad, UnreadableNotification) else 401)
    ctx = Context(settings=settings, gateways=gateways, actor=SYSTEM)
    if merchant is None or await accounts.is_of_merchant(merchant, said.reference):
        outcome = await _settle(ctx, provider, said)
    else:
        log.error("payment notification of another merchant", provider=provider, merchant=merchant)
        outcome = Outcome.UNKNOWN
    status = STATUSES.get(outcome, 200)
    return Answer(str(outcome), status, gateway.acknowledge(taken=status == 200))


def _account(gateways: Gateways, provider: str, merchant: str | None) -> PaymentGateway | None:
    if merchant is None:
        return gateways.payments.get(provider)
    return gateways.merchant_payments.get((merchant, provider))


async def _settle(ctx: Context, provider: str, said: Notification | RefundState) -> Outcome:
    if isinstance(said, RefundState):
        known = await refunds.settle(ctx, provider, said)
        return Outcome.REFUNDED if known else Outcome.UNKNOWN
    return await settlement.settle(ctx, provider, said)


async def _body(request: Request, bodies: BodyRoom) -> bytes | None:
    """Return the body, or None when it is longer than any notification.

    A longer one is read to its end and forgotten, up to `DRAINED_BYTES`: a client that is cut off while it
    sends often sees only that its connection was reset, and not the answer.

    Raises: NoRoom.
    """
    body, read = b"", 0
    held = bodies.hold(request.client.host if request.client else "")
    try:
        async for chunk in request.stream():
            read += len(chunk)
            if read <= MAX_BODY_BYTES:
                body += chunk
                held.grow(len(body))
            elif read > DRAINED_BYTES:
                break
    finally:
        held.release()
    return body if read <= MAX_BODY_BYTES else None


def _response(answer: Answer) -> Response:
    if said := answer.acknowledgement:
        return Response(said.body, said.status, media_type=said.media_type)
    return JSONResponse({"outcome": answer.outcome}, answer.status)
