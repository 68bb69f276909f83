"""Clients that send slowly, read slowly or open too many connections are left; nobody else notices."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from ipaddress import ip_network

import pytest
from websockets.asyncio.client import connect

from serving.connection_limits import ConnectionLimits
from serving.connections import MAX_HEADER_BYTES, MAX_UNWANTED_BYTES
from serving.proxies import TrustedProxies
from tests.make.connections import ANSWER, SECONDS, sent, served, until

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
WHOLE = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
CLOSING = WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")


@pytest.mark.parametrize(
    "pieces",
    [
        [b""],
        [b"POST /"],
        [HEAD],
        [HEAD, *[b"X-Slow: 1\r\n"] * 6],
        [b"\r\n"] * 6,
        [HEAD + b"Content-Length: 1000\r\n\r\n"],
        [HEAD + b"Content-Length: 1000\r\n\r\n", *[b"b"] * 6],
        [HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *[b"1\r\nb\r\n"] * 6],
    ],
    ids=["silence", "line", "headers", "dripped headers", "blank lines", "body", "drip", "chunks"],
)
async def test_a_half_sent_request_is_ended_in_time(pieces: list[bytes]) -> None:
    async with served() as (port, _):
        answer, seconds = await sent(port, *pieces, every=SECONDS / 3)
        assert answer.startswith(b"HTTP/1.1 408 ") or not answer
        assert seconds < 10 * SECONDS + 2
        answer, _ = await sent(port, CLOSING)
        assert answer.startswith(b"HTTP/1.1 200 ")


async def test_a_second_request_has_the_same_limit() -> None:
    async with served() as (port, _):
        answer, seconds = await sent(port, WHOLE, b"\r\n", b"GET / HT", every=0.01)
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 408 " in answer
        assert seconds < 10 * SECONDS + 2


async def test_what_comes_steadily_is_answered_however_long_it_takes() -> None:
    body = [b"b" * 8_192] * 8
    head = HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % (8 * 8_192)
    async with served() as (port, _):
        answer, seconds = await sent(port, head, *body, every=SECONDS / 2)
        assert seconds > 3 * SECONDS
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert b"65536" in answer


async def test_headers_without_end_are_refused() -> None:
    async with served(header_seconds=20) as (port, _):
        line = b"X-Much: " + b"m" * 1_000 + b"\r\n"
        answer, seconds = await sent(port, HEAD, *[line] * (MAX_HEADER_BYTES // 1_000 + 4))
        assert answer.startswith(b"HTTP/1.1 431 ") or not answer
        assert seconds < 10


CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("path", "begin", "piece"),
    [
        (b"/", b"0\r\n", b"a: b\r\n" * 1_000),
        (b"/", b"1;", b"x" * 8_000),
        (b"/early", b"0\r\n", b"a: b\r\n" * 1_000),
    ],
    ids=["trailers", "extension of a chunk", "trailers after the answer"],
)
async def test_what_is_no_body_has_an_end(path: bytes, begin: bytes, piece: bytes) -> None:
    """Trailers would be kept until they are whole, sixteen times their size."""
    async with served(header_seconds=20, stall_seconds=20) as (port, counts):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(CHUNKED.replace(b"/", path, 1) + begin)
        sent = 0
        with suppress(ConnectionError):
            async with asyncio.timeout(20):
                for _ in range(10_000):
                    writer.write(piece)
                    await writer.drain()
                    sent += len(piece)
        assert sent < 8 * 1024 * 1024
        await until(lambda: counts.total == 0)
        writer.close()
        del reader


@pytest.mark.parametrize(
    ("size", "count", "status"), [(1, 3_000, 200), (256, 20_000, 200), (1, 20_000, 400)]
)
async def test_chunks_are_heard_unless_they_are_too_small(
    size: int, count: int, status: int
) -> None:
    async with served(header_seconds=20, stall_seconds=20) as (port, _):
        head = CHUNKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        chunk = b"%x\r\n%b\r\n" % (size, b"b" * size)
        answer, _ = await sent(port, head, *[chunk * 1_000] * (count // 1_000), b"0\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 %d " % status) or (status != 200 and not answer)
        assert (str(size * count).encode() in answer) == (status == 200)


@pytest.mark.parametrize(("size", "is_kept"), [(MAX_UNWANTED_BYTES, True), (80_000_000, False)])
async def test_what_is_answered_early_is_read_to_a_bounded_end(size: int, is_kept: bool) -> None:
    """So that the client, which sends before it reads, finds the answer and may ask again."""
    head = HEAD.replace(b"/", b"/early", 1) + b"Content-Length: %d\r\n\r\n" % size
    async with served(header_seconds=20, stall_seconds=20) as (port, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        async with asyncio.timeout(20):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            if is_kept:
                await send_all(writer, size)
                writer.write(CLOSING)
                assert b"HTTP/1.1 200 " in await reader.read()
            else:
                with pytest.raises(ConnectionError):
                    await send_all(writer, size)
        writer.close()


async def send_all(writer: asyncio.StreamWriter, size: int) -> None:
    piece = b"b" * 65_536
    for _ in range(size // len(piece)):
        writer.write(piece)
        await writer.drain()


async def test_a_client_that_does_not_read_is_left() -> None:
    async with served() as (port, limits):
        _, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_000)
        writer.write(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: limits.total == 1)
        await until(lambda: limits.total == 0)
        writer.close()


async def test_a_client_that_reads_byte_by_byte_is_left() -> None:
    async with served() as (port, limits):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1)
        writer.write(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
        await until(lambda: limits.total == 1)
        async with asyncio.timeout(20):
            while limits.total:
                await reader.read(1)
                await asyncio.sleep(SECONDS / 20)
        writer.close()


async def test_a_client_that_reads_gets_all() -> None:
    async with served() as (port, _):
        answer, _ = await sent(port, b"GET /much HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert len(answer) > len(ANSWER)


@pytest.mark.parametrize(
    ("limits", "most"),
    [
        ({"most_per_address": 3, "exempts_loopback": False}, 3),
        ({"most_per_address": 3}, 6),
        ({"most": 4}, 4),
    ],
    ids=["of one address", "this machine is exempt", "of all"],
)
async def test_too_many_connections_are_refused(limits: dict[str, int], most: int) -> None:
    async with served(header_seconds=20, **limits) as (port, counts):
        streams = [await asyncio.open_connection("127.0.0.1", port) for _ in range(6)]
        refused = 0
        for _, writer in streams:
            writer.write(WHOLE)
        for reader, _ in streams:
            try:
                async with asyncio.timeout(5):
                    line = await reader.readline()
            except ConnectionError:
                line = b""
            refused += not line.startswith(b"HTTP/1.1 200 ")
        assert refused == 6 - most
        for _, writer in streams:
            writer.close()
        await until(lambda: counts.total == 0)
        answer, _ = await sent(port, CLOSING)
        assert answer.startswith(b"HTTP/1.1 200 ")


def test_trusted_proxies_may_hold_many() -> None:
    limits = ConnectionLimits(
        most_per_address=1, proxies=TrustedProxies([ip_network("10.0.0.0/8")])
    )
    assert [limits.open("10.0.0.1") for _ in range(3)] == [True] * 3
    assert [limits.open("203.0.113.9") for _ in range(3)] == [True, False, False]
    for _ in range(3):
        limits.close("203.0.113.9")
    assert limits.open("203.0.113.9")


def test_the_addresses_of_a_home_hold_no_more_than_one() -> None:
    limits = ConnectionLimits(most_per_address=2)
    home = [f"2001:db8:1:2::{number}" for number in range(4)]
    assert [limits.open(each) for each in home] == [True, True, False, False]
    assert limits.open("2001:db8:1:3::1")
    for each in home:
        limits.close(each)
    assert (limits.total, limits.clients) == (1, 1)


async def test_a_websocket_keeps_its_place_and_gives_it_back() -> None:
    limits = {"most_per_address": 1, "exempts_loopback": False}
    async with served(header_seconds=20, **limits) as (port, counts):
        async with connect(f"ws://127.0.0.1:{port}/") as websocket:
            await websocket.send("hello")
            assert await websocket.recv() == "heard"
            await asyncio.sleep(2 * SECONDS)  # no time limit of HTTP ends it
            await websocket.send("hello")
            assert await websocket.recv() == "heard"
            assert counts.total == 1
            answer, _ = await sent(port, WHOLE)
            assert not answer.startswith(b"HTTP/1.1 200 ")
        await until(lambda: counts.total == 0)
