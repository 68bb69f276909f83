"""The sandbox provider's own pages: what is to be paid, and a button for each outcome."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256
from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from gateways import Charge, GatewayError, http
from gateways.sandbox import BadToken, SandboxPayments

RETRY_SECONDS = (0.2, 1.0, 3.0)
PATIENCE_SECONDS = 30
PAID, FAILED, UNREACHED = "paid", "failed", "could not reach the shop"

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


def sandbox_routes(provider: SandboxPayments) -> list[BaseRoute]:
    async def show(request: Request) -> Response:
        charge = _charge(provider, request)
        return _no_such_page() if charge is None else _page(_what_is_to_be_paid(charge), 200)

    async def pay(request: Request) -> Response:
        charge = _charge(provider, request)
        if charge is None:
            return _no_such_page()
        succeeded = request.query_params.get("outcome") != "failed"
        reached = await _notify(provider, charge, succeeded)
        outcome = (PAID if succeeded else FAILED) if reached else UNREACHED
        return _answer(request, outcome, 200 if reached else 502)

    path = "/sandbox/pay/{token}"
    return [Route(path, show, methods=["GET"]), Route(path, pay, methods=["POST"])]


def _charge(provider: SandboxPayments, request: Request) -> Charge | None:
    try:
        return provider.charge_of(request.path_params["token"])
    except BadToken:
        return None


async def _notify(
    provider: SandboxPayments,
    charge: Charge,
    succeeded: bool,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> bool:
    """Tell the shop, again when it does not answer 2xx; answers whether it has heard."""
    for wait in (*RETRY_SECONDS, None):
        body, headers = provider.notification_of(charge, succeeded=succeeded, now=clock())
        if await _heard(charge.notify_url, body, headers):
            return True
        if wait is not None:
            await asyncio.sleep(wait)
    return False


async def _heard(url: str, body: bytes, headers: dict[str, str]) -> bool:
    try:
        return (
            await http.post(url, body=body, headers=headers, seconds=PATIENCE_SECONDS)
        ).is_success
    except GatewayError:
        return False


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
