"""The sandbox provider's payment pages, with a button for each outcome."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gateways.payments import Charge
from gateways.sandbox import BadToken, SandboxPayments

PAID, FAILED, REFUSED, CLOSED = "paid", "failed", "refused by the shop", "closed"
Deliver = Callable[[dict[str, str], bytes], Awaitable[bool]]
"""Delivers a signed notification (headers, body) to the shop; returns whether the shop accepted it."""

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:26rem;margin:12vh auto;padding:0 1rem}"
    "strong{font-size:2.2rem}form{display:inline}button{font:inherit;padding:.5rem 1.2rem}"
)
_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()
HEADERS = {
    "content-security-policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def sandbox_routes(provider: SandboxPayments, deliver: Deliver) -> list[BaseRoute]:
    async def show(request: Request) -> Response:
        charge = _charge(provider, request)
        return _no_such_page() if charge is None else _page(_what_is_to_be_paid(charge), 200)

    async def pay(request: Request) -> Response:
        charge = _charge(provider, request)
        if charge is None:
            return _no_such_page()
        succeeded = request.query_params.get("outcome") != "failed"
        now = datetime.now(UTC)
        if succeeded and not provider.pay(charge, now):
            return _answer(request, CLOSED, 410)
        body, headers = provider.notification_of(charge, succeeded=succeeded, now=now)
        accepted = await deliver(headers, body)
        outcome = (PAID if succeeded else FAILED) if accepted else REFUSED
        return _answer(request, outcome, 200 if accepted else 502)

    path = "/sandbox/pay/{token}"
    return [Route(path, show, methods=["GET"]), Route(path, pay, methods=["POST"])]


def _charge(provider: SandboxPayments, request: Request) -> Charge | None:
    try:
        return provider.charge_of(request.path_params["token"])
    except BadToken:
        return None


def _answer(request: Request, outcome: str, status: int) -> Response:
    if "application/json" in request.headers.get("accept", ""):
        return JSONResponse({"outcome": outcome}, status, headers=HEADERS)
    return _page(f"<p><strong>{outcome.capitalize()}.</strong></p>", status)


def _no_such_page() -> Response:
    return _page("<p>There is nothing to be paid here.</p>", 400)


def _what_is_to_be_paid(charge: Charge) -> str:
    amount = Decimal(charge.amount_minor).scaleb(-2)
    return (
        f"<p>{escape(charge.description)}</p>"
        f"<p><strong>{amount} {escape(charge.currency)}</strong></p>"
        "<p>This is a sandbox: no money moves.</p>"
        '<form method="post"><button>Pay · 付款</button></form> '
        '<form method="post" action="?outcome=failed"><button>Fail · 失败</button></form>'
        f"<p><small>{escape(charge.reference)}</small></p>"
    )


def _page(body: str, status: int) -> Response:
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Sandbox payment</title>'
        f"<style>{_STYLE}</style>{body}</html>",
        status,
        headers=HEADERS,
    )
