"""Chooses the media type, status and bytes of a GraphQL response.

Source: GraphQL over HTTP, working draft, sections "Media Types" and "Response".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Literal, get_args

import orjson
from starlette.responses import Response

MediaType = Literal["application/graphql-response+json", "application/json", "text/html"]

GRAPHQL: MediaType = "application/graphql-response+json"
JSON: MediaType = "application/json"
HTML: MediaType = "text/html"


@lru_cache(maxsize=256)
def negotiate(accept: str | None) -> MediaType | None:
    """The media type a client likes best of those that are served here; None is 406.

    No Accept header, or a wildcard, means `application/json`: clients that know of nothing else
    expect it.
    """
    if accept is None or not accept.strip():
        return JSON
    best: MediaType | None = None
    best_quality = 0.0
    for media_type, quality in _accepted(accept):
        if media_type is not None and quality > best_quality:
            best, best_quality = media_type, quality
    return best


def _accepted(accept: str) -> Iterator[tuple[MediaType | None, float]]:
    for media_range in accept.split(","):
        name, *parameters = (part.strip().lower() for part in media_range.split(";"))
        values = dict(parameter.partition("=")[::2] for parameter in parameters)
        if values.get("charset", "utf-8").strip('"') not in ("utf-8", "utf8"):
            continue
        yield _served(name), _quality(values.get("q", "1"))


def _served(name: str) -> MediaType | None:
    if name in ("*/*", "application/*"):
        return JSON
    return next((served for served in get_args(MediaType) if served == name), None)


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


def json_response(
    body: Mapping[str, Any],
    media_type: MediaType,
    status: int,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Never cached on the way: an answer depends on who asks, in which channel and language."""
    return Response(
        orjson.dumps(body),
        status,
        {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", **(headers or {})},
        f"{media_type}; charset=utf-8",
    )
