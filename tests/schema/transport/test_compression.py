"""Large answers travel compressed, as the client likes it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

import brotli
import httpx
import orjson
import pytest

from schema.transport.compression import (
    LARGEST_AT_ONCE_BYTES,
    SMALLEST_BYTES,
    compressed,
    encoding_of,
)
from tests.schema.toy_server import toy_server


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with toy_server() as address:
        yield f"http://{address}/graphql"


@pytest.mark.parametrize(
    ("accept_encoding", "expected"),
    [
        (None, None),
        (b"", None),
        (b"identity", None),
        (b"gzip", "gzip"),
        (b"GZIP", "gzip"),
        (b"x-gzip", "gzip"),
        (b"gzip, deflate, br, zstd", "br"),
        (b"gzip;q=1.0, br;q=0.9", "gzip"),
        (b"br;q=0, gzip;q=0.1", "gzip"),
        (b"br;q=0,gzip;q=0", None),
        (b"*", "br"),
        (b"br;q=0, *;q=0.5", "gzip"),
        (b"identity, gzip;q=0.5", None),
        (b"identity;q=0.2, gzip;q=0.5", "gzip"),
        (b"deflate, zstd", None),
        (b"gzip;q=x", None),
        (b",;q=,=;\xff", None),
    ],
)
def test_the_encoding_is_what_the_client_likes_best(
    accept_encoding: bytes | None, expected: str | None
) -> None:
    assert encoding_of(accept_encoding) == expected


class Answer(NamedTuple):
    headers: httpx.Headers
    content: bytes  # as it was sent


def ask(url: str, letters: int, accept_encoding: str) -> Answer:
    with httpx.stream(
        "POST",
        url,
        json={"query": '{ hello(name: "%s") }' % ("门店 " * (letters // 3))},
        headers={"Accept-Encoding": accept_encoding},
    ) as response:
        return Answer(response.headers, b"".join(response.iter_raw()))


@pytest.mark.parametrize(
    ("encoding", "plain"),
    [("br", brotli.decompress), ("gzip", lambda body: zlib.decompress(body, wbits=31))],
)
def test_a_large_answer_is_compressed(url: str, encoding: str, plain: object) -> None:
    assert callable(plain)
    expected = ask(url, 3_000, "identity")
    assert "content-encoding" not in expected.headers
    response = ask(url, 3_000, encoding)
    assert response.headers["content-encoding"] == encoding
    assert int(response.headers["content-length"]) == len(response.content)
    assert len(response.content) < len(expected.content) / 10
    assert plain(response.content) == expected.content


def test_a_small_one_is_not(url: str) -> None:
    response = ask(url, 3, "br, gzip")
    assert len(response.content) < SMALLEST_BYTES
    assert "content-encoding" not in response.headers
    assert orjson.loads(response.content)["data"]


@pytest.mark.parametrize("size", [LARGEST_AT_ONCE_BYTES, LARGEST_AT_ONCE_BYTES + 1])
async def test_the_largest_are_compressed_beside_the_event_loop(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads = []

    async def noting(function: object, *arguments: object) -> object:
        threads.append(function)
        assert callable(function)
        return function(*arguments)

    monkeypatch.setattr("asyncio.to_thread", noting)
    assert brotli.decompress(await compressed(b"x" * size, "br")) == b"x" * size
    assert len(threads) == (size > LARGEST_AT_ONCE_BYTES)
