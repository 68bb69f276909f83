"""Chooses the media type, status and bytes of a GraphQL response.

Source: GraphQL over HTTP, working draft, sections "Media Types" and "Response".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from starlette.types import Send

from schema.transport.compression import SMALLEST_BYTES, compressed, encoding_of
from schema.transport.http_request import Headers
from schema.transport.preferences import preferences

MediaType = Literal["application/graphql-response+json", "application/json", "text/html"]
RawHeaders = tuple[tuple[bytes, bytes], ...]

GRAPHQL: MediaType = "application/graphql-response+json"
JSON: MediaType = "application/json"
HTML: MediaType = "text/html"

# An answer depends on who asks, in which channel and language: nobody on the way may keep it.
NO_STORE: RawHeaders = ((b"cache-control", b"no-store"),)

_ALWAYS: dict[MediaType, RawHeaders] = {
    media_type: (
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"x-content-type-options", b"nosniff"),
    )
    for media_type in get_args(MediaType)
}


@lru_cache(maxsize=256)
def negotiate(accept: str | None) -> MediaType | None:
    """The media type a client likes best of those that are served here; None is 406.

    No Accept header, or a wildcard, means `application/json`: clients that know of nothing else
    expect it.
    """
    if accept is None or not accept.strip():
        return JSON
    best: MediaType | None = None
    best_weight = 0.0
    for name, parameters, weight in preferences(accept):
        media_type = _served(name)
        is_utf8 = parameters.get("charset", "utf-8").strip('"') in ("utf-8", "utf8")
        if media_type is not None and is_utf8 and weight > best_weight:
            best, best_weight = media_type, weight
    return best


def _served(name: str) -> MediaType | None:
    if name in ("*/*", "application/*"):
        return JSON
    return next((served for served in get_args(MediaType) if served == name), None)


@dataclass(slots=True)
class JsonResponse:
    body: bytes
    media_type: MediaType
    status: int = 200
    headers: RawHeaders = NO_STORE

    async def send(self, send: Send, asked: Headers) -> None:
        """Compressed, where that is worth it and `asked` allows it."""
        body = self.body
        headers = [*_ALWAYS[self.media_type], *self.headers]
        if len(body) >= SMALLEST_BYTES and (encoding := encoding_of(asked.get(b"accept-encoding"))):
            body = await compressed(body, encoding)
            headers.append((b"content-encoding", encoding.encode()))
        if self.status != 304:  # it would be the length of what is not sent
            headers.append((b"content-length", str(len(body)).encode()))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def raw(headers: Mapping[str, str]) -> RawHeaders:
    return tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
