"""Pages of other origins, which a browser lets ask only where the server says so.

Source: Fetch, section "CORS protocol" (https://fetch.spec.whatwg.org/#http-cors-protocol).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from schema.transport.multipart import PREFLIGHT_HEADERS

HEADERS = ("Authorization", "X-Storefront-Key", "X-Request-ID", *PREFLIGHT_HEADERS)
EXPOSED = ("X-Request-ID", "RateLimit", "RateLimit-Policy", "Retry-After")
REMEMBERED_SECONDS = 7_200  # no browser asks less often


LOCAL_PAGE = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d{1,5})?")


def cross_origin(app: ASGIApp, origins: Sequence[str], local_pages: bool = False) -> ASGIApp:
    """Let pages of these origins ask, "*" for any: no cookie says who asks, so none is let in by one.

    `local_pages`: those from this machine, at any port, too.
    """
    if not origins and not local_pages:
        return app
    return CrossOrigin(
        app,
        allow_origins=origins,
        allow_origin_regex=LOCAL_PAGE.pattern if local_pages else None,
        allow_methods=("GET", "POST"),
        allow_headers=HEADERS,
        expose_headers=EXPOSED,
        max_age=REMEMBERED_SECONDS,
    )


class CrossOrigin(CORSMiddleware):
    """Programs and apps say no origin, and no cache keeps what is answered to a POST: it goes past."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_post = scope["type"] == "http" and scope["method"] == "POST"
        if is_post and all(name != b"origin" for name, _ in scope["headers"]):
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class LocalPages:
    """For the WebSocket view: with `local_pages` those from this machine may connect."""

    local_pages = False

    def is_websocket_origin_allowed(self, request: WebSocket, origin: str) -> bool:
        if self.local_pages and LOCAL_PAGE.fullmatch(origin):
            return True
        allowed: bool = super().is_websocket_origin_allowed(request, origin)  # type: ignore[misc]
        return allowed
