"""The one HTTP client for outgoing calls. It refuses to be called inside a database transaction.

A slow provider would hold the transaction's locks, and its effects could not be rolled back.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from gateways import GatewayError, GatewayTimeout
from gateways.circuits import Circuits
from gateways.telemetry.outgoing_metrics import outgoing_call
from models.database import in_transaction_now

if TYPE_CHECKING:
    import httpx

# Less than servers keep an idle connection, so that none is closed while it is reused.
_IDLE_SECONDS = 2
READ_AT_MOST = 4_096


class CalledInTransaction(RuntimeError):
    """A programming error: a gateway was called while a database transaction was open."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What a server answered; `headers` by their names in small letters."""

    status: int
    headers: dict[str, str]
    content: bytes


@cache
def _tls() -> ssl.SSLContext:
    """Return the TLS context, created once: loading the certificates takes longer than a request."""
    return ssl.create_default_context()


def open_client() -> httpx.AsyncClient:
    """Open a client that ignores proxies of the environment; a process depends on its settings alone."""
    import httpx

    limits = httpx.Limits(keepalive_expiry=_IDLE_SECONDS)
    return httpx.AsyncClient(verify=_tls(), limits=limits, trust_env=False)


async def post_pinned(
    client: httpx.AsyncClient,
    url: httpx.URL,
    addresses: Sequence[IPv4Address | IPv6Address],
    *,
    body: bytes,
    headers: dict[str, str],
    seconds: float,
    purpose: str = "webhook",
    circuits: Circuits | None = None,
) -> tuple[int, bytes]:
    """Post to the first of these addresses that accepts a connection, without resolving the host again.

    Return the status and the first `READ_AT_MOST` bytes of the content. Redirects are not followed.
    `seconds` limits the whole call, so a receiver that responds byte by byte gains nothing. `purpose` is
    the label in the metrics.

    Raises: GatewayError when no response came, CircuitOpen, CalledInTransaction.
    """
    _refuse_in_transaction("POST", url.host)
    with outgoing_call(purpose, url.host) as call:
        if circuits is not None:
            circuits.check(url.host)
        try:
            answer = await _post_to_any(client, url, addresses, body, headers | call, seconds)
        except GatewayError:
            if circuits is not None:
                circuits.failed(url.host)
            raise
        if circuits is not None:
            circuits.answered(url.host)
        return answer


class ProviderHttp:
    """The connections of a process to the providers that its settings name.

    One client, opened by the first call and closed by `close`. Redirects are not followed, cookies are not
    kept. A host that does not answer for some time is not called (`Circuits`).
    """

    def __init__(self, circuits: Circuits | None = None) -> None:
        self._circuits = circuits or Circuits()
        self._client: httpx.AsyncClient | None = None

    async def send(
        self,
        method: str,
        url: httpx.URL,
        *,
        body: bytes = b"",
        headers: dict[str, str],
        purpose: str,
        seconds: float,
        most_bytes: int,
    ) -> HttpResponse:
        """Send a request and read the whole response.

        `purpose` is the label in the metrics. `seconds` bounds the whole call.

        Raises: GatewayError when no response of at most `most_bytes` comes, CircuitOpen, CalledInTransaction.
        """
        _refuse_in_transaction(method, url.host)
        with outgoing_call(purpose, url.host, method):
            self._circuits.check(url.host)
            try:
                async with _answers(url.host, seconds):
                    response = await self._exchange(method, url, body, headers, most_bytes)
            except GatewayError:
                self._circuits.failed(url.host)
                raise
            self._circuits.answered(url.host)
            return response

    async def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def _exchange(
        self, method: str, url: httpx.URL, body: bytes, headers: dict[str, str], most_bytes: int
    ) -> HttpResponse:
        if self._client is None:
            self._client = open_client()
        sent = {**headers, "Accept-Encoding": "identity"}
        self._client.cookies.clear()
        request = self._client.build_request(method, url, content=body or None, headers=sent)
        response = await self._client.send(request, stream=True)
        try:
            chunks, size = [], 0
            async for chunk in response.aiter_raw():
                size += len(chunk)
                if size > most_bytes:
                    raise GatewayError(f"{url.host} answers more than {most_bytes} bytes")
                chunks.append(chunk)
            names = {name.lower(): value for name, value in response.headers.items()}
            return HttpResponse(response.status_code, names, b"".join(chunks))
        finally:
            await response.aclose()


async def _post_to_any(
    client: httpx.AsyncClient,
    url: httpx.URL,
    addresses: Sequence[IPv4Address | IPv6Address],
    body: bytes,
    headers: dict[str, str],
    seconds: float,
) -> tuple[int, bytes]:
    import httpx

    async with _answers(url.host, seconds):
        for address in addresses[:-1]:
            try:
                return await _post_to(client, url, str(address), body, headers)
            except httpx.ConnectError:
                continue
        return await _post_to(client, url, str(addresses[-1]), body, headers)


@asynccontextmanager
async def _answers(host: str, seconds: float) -> AsyncIterator[None]:
    """Raises: GatewayTimeout after `seconds`, GatewayError when a call of httpx fails."""
    import httpx

    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise GatewayTimeout(f"{host} did not answer within {seconds:g} s") from error
    except httpx.HTTPError as error:
        raise GatewayError(f"no answer from {host}: {_plain(error)}") from error


def _plain(error: httpx.HTTPError) -> str:
    """Return a plain description of the error."""
    import httpx

    if isinstance(error, httpx.ConnectError):
        if "certificate" in str(error).lower():
            return "its certificate is not good"
        return "it cannot be reached, or refuses connections"
    if isinstance(error, httpx.RemoteProtocolError):
        return "what it answers is not HTTP, or ends too early"
    return "the connection broke"


async def _post_to(
    client: httpx.AsyncClient, url: httpx.URL, address: str, body: bytes, headers: dict[str, str]
) -> tuple[int, bytes]:
    request = client.build_request(
        "POST",
        url.copy_with(host=address),
        content=body,
        headers={**headers, "Host": url.netloc.decode(), "Accept-Encoding": "identity"},
        # The certificate must still be the host's.
        extensions={"sni_hostname": url.raw_host.decode()},
    )
    response = await client.send(request, stream=True)
    try:
        content = b""
        async for chunk in response.aiter_raw():
            content += chunk
            if len(content) >= READ_AT_MOST:
                break
        return response.status_code, content[:READ_AT_MOST]
    finally:
        await response.aclose()


def _refuse_in_transaction(method: str, host: str) -> None:
    if in_transaction_now():
        raise CalledInTransaction(f"{method} {host} inside a transaction")
