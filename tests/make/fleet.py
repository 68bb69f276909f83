"""Several server processes on one database, of which any may be killed at any time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import httpx

from settings import Settings
from tests.conftest import free_port
from tests.make.api import Api
from tests.make.patience import patience, patient
from tests.make.processes import PATIENCE_SECONDS, Process

ANY_OF_THEM = "http://fleet.test"


class Failover(httpx.AsyncBaseTransport):
    """What a patient client does: it asks the next process with the same words when one does not answer."""

    def __init__(self, ports: Sequence[int]) -> None:
        self._ports = ports
        self._inner = httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_connections=100, max_keepalive_connections=0)
        )
        self._turn = 0
        self.unanswered = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                self._turn += 1
                port = self._ports[self._turn % len(self._ports)]
                asked = httpx.Request(
                    request.method,
                    request.url.copy_with(host="127.0.0.1", port=port),
                    headers=request.headers,
                    content=request.content,
                )
                try:
                    response = await self._inner.handle_async_request(asked)
                    await response.aread()
                except httpx.TransportError:
                    self.unanswered += 1
                    await asyncio.sleep(0.05)
                else:
                    return response

    async def aclose(self) -> None:
        await self._inner.aclose()


@dataclass(frozen=True)
class Fleet:
    processes: Sequence[Process]
    transport: Failover
    api: Api


@asynccontextmanager
async def fleet(settings: Settings, size: int = 2) -> AsyncIterator[Fleet]:
    """So many processes, and a client of whichever answers; all who ask come from one address."""
    settings = patient(settings)
    processes = [Process(replace(settings, port=free_port()), patience()) for _ in range(size)]
    transport = Failover([each.settings.port for each in processes])
    async with httpx.AsyncClient(base_url=ANY_OF_THEM, transport=transport, timeout=120) as client:
        try:
            for each in processes:
                await each.start()
            await asyncio.gather(*(each.ready() for each in processes))
            yield Fleet(processes, transport, Api(client, settings))
        finally:
            for each in processes:
                await each.kill()
