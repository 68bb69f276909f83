"""Who is connected: the few headers a client may also send when it cannot set headers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import HTTPConnection
from starlette.types import Scope
from starlette.websockets import WebSocket

CONNECTION_HEADERS = frozenset({"authorization", "x-storefront-key", "accept-language"})
MAX_HEADER_CHARACTERS = 8 * 1024


def address_of(scope: Scope) -> str:
    """Where a request or connection comes from."""
    client = scope.get("client")
    return client[0] if client else ""


def connection_params(payload: Mapping[str, object]) -> dict[str, str]:
    """The known headers of a `connection_init` payload, under lower-case names.

    Raises `ValueError` when one of them could not be a header.
    """
    params: dict[str, str] = {}
    for name, value in payload.items():
        if name.lower() not in CONNECTION_HEADERS:
            continue
        if not isinstance(value, str) or len(value) > MAX_HEADER_CHARACTERS:
            raise ValueError(f"{name} must be a string of at most {MAX_HEADER_CHARACTERS} bytes")
        params[name.lower()] = value
    return params


def header(connection: HTTPConnection, params: Mapping[str, str] | None, name: str) -> str | None:
    """A header of the request or, when it has none, of the `connection_init` payload."""
    wanted = name.lower()
    raw = wanted.encode()
    for each, value in connection.scope["headers"]:
        if each == raw:
            return str(value, "latin-1")
    return params.get(wanted) if params else None


@dataclass(slots=True)
class Connection:
    """One WebSocket and what its `connection_init` said.

    `unpaid`: how many operations have been refused, one after the other, for want of budget.
    """

    websocket: WebSocket
    connection_params: dict[str, Any] = field(default_factory=dict)
    unpaid: int = 0

    @property
    def address(self) -> str:
        return self.websocket.client.host if self.websocket.client else ""
