"""The one HTTP client outward. It refuses to be called inside a database transaction.

A slow provider would keep the transaction's locks as long as it pleases, and what it did could not
be rolled back.
"""

from __future__ import annotations

import ssl
from functools import cache

import httpx

from gateways import GatewayError
from models.database import in_transaction_now


class CalledInTransaction(RuntimeError):
    """A defect of ours: a gateway was called while a database transaction was open."""


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading the certificates takes longer than a request."""
    return ssl.create_default_context()


async def post(
    url: str, *, body: bytes, headers: dict[str, str], seconds: float = 10
) -> httpx.Response:
    """Send a request and read its whole answer; redirects are not followed.

    Raises: GatewayError when no answer came, CalledInTransaction.
    """
    if in_transaction_now():
        raise CalledInTransaction(f"POST {httpx.URL(url).host} inside a transaction")
    try:
        # No proxy from the environment: what a process does is in its settings alone.
        async with httpx.AsyncClient(verify=_tls(), timeout=seconds, trust_env=False) as client:
            return await client.post(url, content=body, headers=headers)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise GatewayError(f"no answer from {httpx.URL(url).host}: {error!r}") from error
