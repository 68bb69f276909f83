"""Letting browsers, proxies and CDNs keep what anybody may see.

Source: RFC 9110, sections 8.8.3 (ETag) and 13.1.2 (If-None-Match); RFC 9111.
"""

from __future__ import annotations

from hashlib import blake2b

from schema.transport.http_request import Headers
from schema.transport.http_response import JsonResponse

# Whatever an answer to the same address may differ by.
VARY = b"Accept, Accept-Encoding, Accept-Language, Authorization, X-Storefront-Key"


def cacheable(response: JsonResponse, asked: Headers, seconds: int) -> JsonResponse:
    """A 200 that any cache may keep so long (0: never without asking again), or 304 if it is still good."""
    # Weak, since the same answer may be compressed or not.
    etag = b'W/"%s"' % blake2b(response.body, digest_size=12).hexdigest().encode()
    lifetime = b"public, max-age=%d" % seconds if seconds else b"public, no-cache"
    response.headers = ((b"cache-control", lifetime), (b"etag", etag), (b"vary", VARY))
    if _has(asked.get(b"if-none-match", b""), etag):
        response.status, response.body = 304, b""
    return response


def _has(if_none_match: bytes, etag: bytes) -> bool:
    candidates = [candidate.strip() for candidate in if_none_match.split(b",")]
    strong = etag.removeprefix(b"W/")
    return b"*" in candidates or etag in candidates or strong in candidates
