"""An ASGI application with what a server process needs besides requests."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field

from starlette.types import ASGIApp, Receive, Scope, Send

from serving.connection_limits import ConnectionLimits
from serving.proxies import TrustedProxies
from serving.stopping import Stopping


@dataclass(slots=True)
class Application:
    """An application; the serving process enters `lifespan` once, which opens and closes its resources.

    `stopping` informs running WebSockets and `/health/ready` that the process ends.
    """

    app: ASGIApp
    lifespan: Callable[[], AbstractAsyncContextManager[None]]
    stopping: Stopping = field(default_factory=Stopping)
    proxies: TrustedProxies = field(default_factory=TrustedProxies)
    limits: ConnectionLimits = field(default_factory=ConnectionLimits)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            self.proxies.rewrite(scope)
        await self.app(scope, receive, send)
