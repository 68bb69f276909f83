"""Who is connected: the few headers a client may also send when it cannot set headers."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import HTTPConnection

CONNECTION_HEADERS = frozenset({"authorization", "x-storefront-key", "accept-language"})
MAX_HEADER_CHARACTERS = 8 * 1024


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
