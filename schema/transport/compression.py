"""Compressing large answers, at levels that cost less time than the bytes they spare.

Measured: 20 products, 6.5 kB, become 0.9 kB in 0.025 ms by either; the next levels double the time
for a few bytes.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Literal

import brotli

from schema.transport.preferences import preferences

Encoding = Literal["br", "gzip"]

SMALLEST_BYTES = 1_024  # what fits into one packet anyway
LARGEST_AT_ONCE_BYTES = 256 * 1024  # takes a millisecond; the event loop does not wait for longer


@lru_cache(maxsize=256)
def encoding_of(accept_encoding: bytes | None) -> Encoding | None:
    """The encoding a client likes best, Brotli before gzip; None for the plain bytes.

    Source: RFC 9110, section 12.5.3.
    """
    weights = {
        name: weight for name, _, weight in preferences((accept_encoding or b"").decode("latin-1"))
    }
    others = weights.get("*", 0.0)
    brotli_weight = weights.get("br", others)
    gzip_weight = max(weights.get("gzip", others), weights.get("x-gzip", 0.0))
    plain_weight = weights.get("identity", 0.0)
    best = max(brotli_weight, gzip_weight)
    if best <= 0 or plain_weight > best:
        return None
    return "br" if brotli_weight == best else "gzip"


async def compressed(body: bytes, encoding: Encoding) -> bytes:
    compress = _COMPRESS[encoding]
    if len(body) <= LARGEST_AT_ONCE_BYTES:
        return compress(body)
    return await asyncio.to_thread(compress, body)


def _by_brotli(body: bytes) -> bytes:
    squeezed: bytes = brotli.compress(body, mode=brotli.MODE_TEXT, quality=2)
    return squeezed


def _by_gzip(body: bytes) -> bytes:
    stream = zlib.compressobj(4, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return stream.compress(body) + stream.flush()


_COMPRESS: dict[Encoding, Callable[[bytes], bytes]] = {"br": _by_brotli, "gzip": _by_gzip}
