"""Bodies that have not come whole take bounded memory, and nobody takes it all from the others."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from schema.transport.http_request import BadRequest, read_request
from serving.body_room import BodyRoom, Held, NoRoom
from serving.websocket_connections import FREE_BYTES
from tests.make.connections import SECONDS, served, until

MOST = 1_000


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, MOST + 1))))
def test_no_more_is_held_than_there_is_and_all_of_it_is_given_back(
    steps: list[tuple[int, int, int]],
) -> None:
    room = BodyRoom(MOST)
    held: dict[tuple[int, int], Held] = {}
    for address, number, size in steps:
        body = held.setdefault((address, number), room.hold(str(address)))
        before = body.size
        try:
            body.grow(size)
        except NoRoom:
            assert body.size == before
        assert room.taken == sum(each.size for each in held.values()) <= MOST
    for body in held.values():
        body.release()
    assert (room.taken, room.by_address) == (0, {})


def test_an_address_that_takes_what_it_can_leaves_as_much_to_the_next() -> None:
    room = BodyRoom(MOST)
    for address, most in (("a", 500), ("b", 250), ("c", 125)):
        for _ in range(most // 25):
            room.hold(address).grow(25)
        with pytest.raises(NoRoom) as full:
            room.hold(address).grow(25)
        assert full.value.is_share == (address == "a")
    assert room.taken == 875


def test_without_a_bound_there_is_room_for_any() -> None:
    BodyRoom().hold("a").grow(10**12)


async def read(room: BodyRoom, address: str, *chunks: bytes) -> object:
    coming = list(chunks)

    async def receive() -> dict[str, object]:
        body = coming.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(coming)}

    async def pay(size: int) -> None:
        """Nothing is charged."""

    scope = {"method": "POST", "client": (address, 1)}
    headers = {b"content-type": b"application/json"}
    return await read_request(scope, receive, headers, MOST, pay, room)


async def test_a_body_that_finds_no_room_is_refused_and_small_ones_are_read() -> None:
    room, small = BodyRoom(MOST), b'{"query": "{ a }"}'
    room.hold("a").grow(450)
    with pytest.raises(BadRequest) as share:
        await read(room, "a", b" " * 100, small)
    assert (share.value.status, share.value.code) == (429, "RATE_LIMITED")
    assert share.value.headers["Retry-After"]
    assert await read(room, "b", b" " * 100, small)
    with pytest.raises(BadRequest) as full:
        await read(room, "b", b" " * 300, small)
    assert (full.value.status, full.value.code) == (503, "UNAVAILABLE")
    room.hold("b").grow(275)
    assert await read(room, "b", small)
    assert room.taken == 725


async def test_messages_that_do_not_end_have_a_room_and_a_time() -> None:
    part = Frame(Opcode.TEXT, b"a" * (2 * FREE_BYTES), fin=False).serialize(
        mask=True, extensions=[]
    )
    async with served(stall_seconds=20) as (port, limits), AsyncExitStack() as opened:
        limits.bodies = BodyRoom(9 * FREE_BYTES)
        clients = [
            await opened.enter_async_context(connect(f"ws://127.0.0.1:{port}/", max_size=None))
            for _ in range(3)
        ]
        for client in clients:
            client.transport.write(part)
        async with asyncio.timeout(10):
            await asyncio.wait(
                [asyncio.create_task(each.wait_closed()) for each in clients],
                return_when=asyncio.FIRST_COMPLETED,
            )
        assert {each.close_code for each in clients} == {None, 1013}
        assert 0 < limits.bodies.taken <= 9 * FREE_BYTES
        for client in clients:
            client.transport.abort()
        await until(lambda: limits.bodies.taken == 0)


async def test_a_message_that_stalls_is_ended_and_one_that_comes_is_heard() -> None:
    whole = Frame(Opcode.TEXT, b"a" * 900).serialize(mask=True, extensions=[])
    async with served(stall_seconds=SECONDS) as (port, limits):
        async with connect(f"ws://127.0.0.1:{port}/") as client:
            client.transport.write(whole)
            assert await client.recv() == "heard"
        async with connect(f"ws://127.0.0.1:{port}/") as client:
            client.transport.write(
                Frame(Opcode.TEXT, b"a" * (2 * FREE_BYTES), fin=False).serialize(
                    mask=True, extensions=[]
                )
            )
            with suppress(ConnectionClosed):
                async with asyncio.timeout(10):
                    await client.recv()
            assert client.close_code == 1008
        await until(lambda: limits.bodies.taken == 0)
