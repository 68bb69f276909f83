"""Attacks by clients that open many connections, send slowly, send too much, or do not read."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import suppress
from typing import Any

import websockets

from benchmarks.attacks.attack import Attack, Outcome, answered, refused
from benchmarks.attacks.sending import Reply, ask, at_once, tally
from benchmarks.attacks.target import Target
from benchmarks.client import HOST, operation, request

CONNECTIONS = 400
HALF_SENT_SECONDS = 30
LIMIT_BYTES = 4_000_000  # QUINTET_REQUEST_LIMIT_BYTES
SEARCH_CHARACTERS = 60
SEARCH = (
    "query($words: String!) { products(filter: { search: $words }, first: 250)"
    " { edges { node { id } } } }"
)
PROTOCOL = "graphql-transport-ws"
PAGE = "{ products(first: 250) { edges { node { id name description slug variants { sku available } } } } }"


async def _half_sent(target: Target, start: bytes) -> Outcome:
    """Count which of 400 connections the server still holds open at the end."""
    began = time.perf_counter()
    opened = await asyncio.gather(
        *(asyncio.open_connection(HOST, target.port) for _ in range(CONNECTIONS))
    )
    for _, writer in opened:
        writer.write(start)
    waiting = [asyncio.create_task(reader.read(1000)) for reader, _ in opened]
    _, pending = await asyncio.wait(waiting, timeout=HALF_SENT_SECONDS)
    seconds = time.perf_counter() - began
    for task in pending:
        task.cancel()
    for _, writer in opened:
        writer.close()
    return Outcome(f"{len(pending)} still open after {seconds:.0f} s", 0, not pending)


async def _half_heads(target: Target) -> Outcome:
    return await _half_sent(target, b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Le")


async def _half_bodies(target: Target) -> Outcome:
    whole = operation("{ brands { name } }")
    return await _half_sent(target, whole[:-10])


async def _big_bodies(target: Target) -> Outcome:
    """Send 20 bodies of the maximum size at once."""
    filler = "x" * (LIMIT_BYTES - 1_000)
    body = json.dumps({"query": "{ brands { name } }", "variables": {"x": filler}}).encode()
    asked = request("POST", "/graphql", {"Content-Type": "application/json"}, body)
    return answered(await at_once(target.port, [asked] * 20), 1_000_000)


async def _too_big(target: Target) -> Outcome:
    """Send 5 bodies of 50 MB in chunks, without a length."""
    replies = await asyncio.gather(*(_chunked(target.port, 50_000_000) for _ in range(5)))
    return refused(replies)


async def _chunked(port: int, size: int) -> Reply:
    head = (
        "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
    )
    chunk = b"x" * 100_000
    reader, writer = await asyncio.open_connection(HOST, port)
    with suppress(OSError):
        writer.write(head.encode())
        for _ in range(size // len(chunk)):
            writer.write(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
            await writer.drain()
    try:
        async with asyncio.timeout(10):
            answer = await reader.read(1000)
        return Reply(int(answer[9:12] or b"0"), len(answer), answer, "hung up")
    except (OSError, TimeoutError):
        return Reply(413, 0, b"", "")  # the server disconnected, which is permitted
    finally:
        writer.close()


def _subscribe(number: int, query: str) -> str:
    return json.dumps({"id": str(number), "type": "subscribe", "payload": {"query": query}})


async def _connect(target: Target) -> Any:
    socket = await websockets.connect(
        f"ws://{HOST}:{target.port}/graphql",
        subprotocols=[PROTOCOL],  # type: ignore[list-item]
        max_queue=1,
        compression=None,
    )
    payload = {"X-Storefront-Key": target.victim.storefront_key}
    await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
    await socket.recv()
    return socket


async def _slow_readers(target: Target) -> Outcome:
    """Request 90 pages over each of 20 WebSockets and read none."""
    sockets = await asyncio.gather(*(_connect(target) for _ in range(20)))
    with suppress(websockets.ConnectionClosed):
        for socket in sockets:
            for number in range(90):
                async with asyncio.timeout(2):
                    await socket.send(_subscribe(number, PAGE))
    await asyncio.sleep(10)
    for socket in sockets:
        socket.transport.abort()
    return Outcome("hung up after 10 s", 0, target.alive)


async def _many_operations(target: Target) -> Outcome:
    """Request 90 pages at once over one WebSocket and read them."""
    socket = await _connect(target)
    for number in range(90):
        await socket.send(_subscribe(number, PAGE))
    received, ended = 0, 0
    with suppress(websockets.ConnectionClosed, TimeoutError):
        async with asyncio.timeout(15):
            while ended < 90:
                message = await socket.recv()
                received += len(message)
                ended += json.loads(message)["type"] in ("complete", "error")
    code = socket.close_code
    await socket.close()
    return Outcome(f"{ended} of 90 ended, close code {code}", received, ended == 90 or bool(code))


async def _many_sockets(target: Target) -> Outcome:
    """Open 500 WebSockets that send nothing."""
    opened = await asyncio.gather(*(asyncio.open_connection(HOST, target.port) for _ in range(500)))
    upgrade = (
        f"GET /graphql HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {'A' * 22}==\r\n"
        f"Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n"
    )
    waiting = []
    for reader, writer in opened:
        writer.write(upgrade.encode())
        waiting.append(asyncio.create_task(_until_closed(reader)))
    _, pending = await asyncio.wait(waiting, timeout=15)
    for task in pending:
        task.cancel()
    for _, writer in opened:
        writer.close()
    return Outcome(f"{len(pending)} still open after 15 s", 0, not pending)


async def _until_closed(reader: asyncio.StreamReader) -> None:
    """Read until the server closes the connection, by a close frame (0x88) or without."""
    with suppress(OSError):
        while chunk := await reader.read(1000):
            if b"\x88" in chunk and not chunk.startswith(b"HTTP/1.1 1"):
                return


async def _persisted(target: Target) -> Outcome:
    """Register 2,000 persisted documents of 20 kB each."""
    from hashlib import sha256

    replies = []
    for start in range(0, 2_000, 50):
        requests = []
        for number in range(start, start + 50):
            document = f"{{ a{number}: brands {{ name }} }} #" + "x" * 20_000
            body = {
                "query": document,
                "extensions": {
                    "persistedQuery": {
                        "version": 1,
                        "sha256Hash": sha256(document.encode()).hexdigest(),
                    }
                },
            }
            requests.append(
                request(
                    "POST",
                    "/graphql",
                    {"Content-Type": "application/json"},
                    json.dumps(body).encode(),
                )
            )
        replies += await at_once(target.port, requests)
    held = all(each.status in (200, 429) for each in replies)
    return Outcome(tally(replies), sum(each.size for each in replies), held)


async def _searches(target: Target) -> Outcome:
    """Search for 200 long texts, 50 at once."""
    text = "牛奶酸奶面包饼干" * 30
    documents = [
        operation(
            SEARCH,
            {"words": text[number % 8 :][: SEARCH_CHARACTERS - number % 40]},
            storefront_key=target.victim.storefront_key,
        )
        for number in range(200)
    ]
    replies = []
    for start in range(0, 200, 50):
        replies += await at_once(target.port, documents[start : start + 50])
    return answered(replies, 2_000_000)


async def _guests(target: Target) -> Outcome:
    """Sign in 1,000 guests from one address, each of which is a row."""
    replies = []
    for _ in range(20):
        asked = operation("mutation { guestSignIn { accessToken userErrors { code } } }")
        replies += await at_once(target.port, [asked] * 50)
    given = sum(b'"accessToken":"' in each.start for each in replies)
    last = await ask(target.port, "{ viewer { channel } }")
    return Outcome(f"{given} sessions given; {tally(replies)}", 0, last.status in (200, 429))


CONNECTING = [
    Attack("half-heads", "400 half-sent requests", _half_heads, seconds=45),
    Attack("half-bodies", "400 half-sent bodies", _half_bodies, seconds=45),
    Attack("big-bodies", "20 bodies of 4 MB at once", _big_bodies),
    Attack("too-big", "5 bodies of 50 MB in chunks", _too_big),
    Attack("slow-readers", "20 WebSockets that read nothing", _slow_readers, on="filled"),
    Attack("ws-operations", "90 pages over one WebSocket", _many_operations, on="filled"),
    Attack("ws-silent", "500 WebSockets that say nothing", _many_sockets, seconds=30),
    Attack("persisted", "2,000 persisted documents of 20 kB", _persisted),
    Attack("searches", "200 searches for long texts", _searches, on="filled"),
    Attack("guests", "1,000 guests of one address", _guests),
]
