"""The one HTTP client outward. It refuses to be called inside a database transaction.

A slow provider would keep the transaction's locks as long as it pleases, and what it did could not
be rolled back.
"""

from __future__ import annotations

import asyncio
import ssl
from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from gateways import GatewayError
from models.database import in_transaction_now

if TYPE_CHECKING:
    import httpx

# Shorter than servers keep an idle connection, so that none is closed just as it is used again.
_IDLE_SECONDS = 2
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()


class CalledInTransaction(RuntimeError):
    """A defect of ours: a gateway was called while a database transaction was open."""


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than a request."""
    return ssl.create_default_context()


def _client() -> httpx.AsyncClient:
    """One for each event loop, with its connections: making one costs more than a request."""
    import httpx  # takes long to load

    loop = asyncio.get_running_loop()
    if (client := _clients.get(loop)) is None:
        # No proxy from the environment: what a process does is in its settings alone.
        limits = httpx.Limits(keepalive_expiry=_IDLE_SECONDS)
        client = _clients[loop] = httpx.AsyncClient(verify=_tls(), limits=limits, trust_env=False)
    return client


async def post(
    url: str, *, body: bytes, headers: dict[str, str], seconds: float = 10
) -> httpx.Response:
    """Send a request and read its whole answer; redirects are not followed.

    Raises: GatewayError when no answer came, CalledInTransaction.
    """
    import httpx

    if in_transaction_now():
        raise CalledInTransaction(f"POST {httpx.URL(url).host} inside a transaction")
    try:
        return await _client().post(url, content=body, headers=headers, timeout=seconds)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise GatewayError(f"no answer from {httpx.URL(url).host}: {error!r}") from error
