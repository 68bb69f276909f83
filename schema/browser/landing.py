"""Where a QR code leads when the chain has no page of its own for it: `/s/{token}` and `/c/{token}`.

A plain page that says what was shared and shows the token, which every client can take from the address. With
`QUINTET_STOREFRONT_URL` set, links lead there instead and these pages are not asked.
"""

from __future__ import annotations

from html import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from gateways import Gateways
from models.referrals.share_links import ShareLink
from resolvers.context import Context
from resolvers.referrals import share_links
from settings import Settings

HEADERS = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def landing_pages(settings: Settings, gateways: Gateways) -> list[BaseRoute]:
    async def shared(request: Request) -> Response:
        """A share link; showing it counts as opening it."""
        ctx = Context(settings=settings, gateways=gateways)
        link = await share_links.open_link(ctx, request.path_params["token"])
        if link is None:
            return _page("没有这个链接 · There is no such link", "", 404)
        return _page(_title(link), link.token)

    async def cart(request: Request) -> Response:
        """A cart's code. It says nothing of the cart: whoever scans it claims it in a client."""
        return _page("购物车 · A cart to claim", request.path_params["token"])

    return [Route("/s/{token}", shared), Route("/c/{token}", cart)]


def _title(link: ShareLink) -> str:
    return f"分享 · Shared: {link.target.lower()}"


def _page(title: str, token: str, status: int = 200) -> Response:
    shown = f"<p>在 App 或小程序中打开 · Open it in the app: <code>{escape(token)}</code></p>"
    body = (
        f'<!doctype html><html lang="zh"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width">'
        f"<h1>{escape(title)}</h1>{shown if token else ''}</html>"
    )
    return HTMLResponse(body, status, headers=HEADERS)
