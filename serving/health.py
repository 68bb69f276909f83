"""Health checks: whether a process should receive requests, and what is degraded.

503   it is starting or stopping, or its database does not respond 200   `ok`, or `degraded`: everything is
served, but something that `checks` names is missing
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse

from serving.stopping import Stopping

OK = "ok"
ANSWER_SECONDS = 2.0
RETRY_HEADERS = {"Retry-After": "5", "Cache-Control": "no-store"}

# Returns "ok" or a short description of the fault.
Check = Callable[[], Awaitable[str]]


@dataclass
class Health:
    """The checks of a process: it cannot serve without a `vital` dependency, but without a `useful` one."""

    vital: Mapping[str, Check]
    useful: Mapping[str, Check]
    stopping: Stopping
    is_prepared: Callable[[], bool] = lambda: True
    seconds: float = ANSWER_SECONDS
    _asked: dict[str, asyncio.Task[str]] = field(default_factory=dict, init=False)

    async def live(self, request: Request) -> JSONResponse:
        """Respond that the process runs."""
        return JSONResponse({"status": OK})

    async def ready(self, request: Request) -> JSONResponse:
        if self.stopping.announced:
            return _unready("stopping")
        if not self.is_prepared():
            return _unready("documents are being prepared")
        checks = {**self.vital, **self.useful}
        found = dict(zip(checks, await asyncio.gather(*map(self._ask, checks)), strict=True))
        if any(found[name] != OK for name in self.vital):
            return _unready("unavailable", found)
        status = OK if all(state == OK for state in found.values()) else "degraded"
        return JSONResponse(
            {"status": status, "checks": found}, headers={"Cache-Control": "no-store"}
        )

    async def _ask(self, name: str) -> str:
        """Run a check once at a time: one that hangs is neither cancelled nor started again meanwhile."""
        task = self._asked.get(name)
        if task is None or task.done():
            check = {**self.vital, **self.useful}[name]
            task = self._asked[name] = asyncio.ensure_future(check())
        await asyncio.wait({task}, timeout=self.seconds)
        if not task.done():
            return "no answer in time"
        return "no answer" if task.cancelled() or task.exception() else task.result()

    async def close(self) -> None:
        """Cancel checks that still hang."""
        for task in self._asked.values():
            task.cancel()


def _unready(status: str, checks: Mapping[str, str] | None = None) -> JSONResponse:
    body = {"status": status, **({"checks": checks} if checks else {})}
    return JSONResponse(body, status_code=503, headers=RETRY_HEADERS)
