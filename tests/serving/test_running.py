"""A process ends when it is told to, at whatever step it is, and says first that it will."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from starlette.requests import Request

from serving.application import Application
from serving.health import Health
from serving.listening import CannotListen, listen_on
from serving.running import Server, Timing
from serving.stopping import Stopping
from tests.conftest import free_port
from tests.make.signals import toy


@pytest.mark.parametrize("workers", [1, 2])
async def test_a_serving_process_closes_what_it_opened_and_ends_well(workers: int) -> None:
    async with toy(workers=workers) as running:
        await running.says("serves")
        running.process.send_signal(signal.SIGTERM)
        code, seconds = await running.ends()
        assert (code, set(await running.left())) == (
            0,
            {"closed"},
        )  # one may still have been starting
        assert seconds < 5


@pytest.mark.parametrize(
    ("step", "code"),
    [("opening", 128 + signal.SIGTERM), ("request", 0)],
)
async def test_a_step_that_hangs_is_given_up(step: str, code: int) -> None:
    async with toy(step) as running:
        if step == "request":
            await running.says("serves")
            asking = asyncio.create_task(
                httpx.AsyncClient(timeout=30).get(f"http://127.0.0.1:{running.port}/")
            )
        await running.says(step)
        running.process.send_signal(signal.SIGTERM)
        ended, seconds = await running.ends()
        assert ended == code
        assert seconds < 8
        if step == "request":
            with pytest.raises(httpx.HTTPError):
                (await asking).raise_for_status()


async def test_a_second_signal_ends_it_at_once() -> None:
    async with toy("closing") as running:
        await running.says("serves")
        running.process.send_signal(signal.SIGTERM)
        await running.says("closing")
        running.process.send_signal(signal.SIGTERM)
        code, seconds = await running.ends()
        assert code == -signal.SIGTERM
        assert seconds < 2


async def test_workers_that_cannot_start_end_their_parent() -> None:
    async with toy("failing", workers=2) as running:
        code, _ = await running.ends()
        assert (code, await running.left()) == (3, [])


def test_a_port_in_use_is_said_to_be() -> None:
    port = free_port()
    (first,) = listen_on("127.0.0.1", port)
    first.listen()
    with pytest.raises(CannotListen, match=f"Another process listens on 127.0.0.1:{port}"):
        listen_on("127.0.0.1", port)
    with pytest.raises(CannotListen, match="already: set QUINTET_WORKER_PORT, or stop it"):
        listen_on("127.0.0.1", port, "QUINTET_WORKER_PORT")
    first.close()
    with pytest.raises(CannotListen, match="names no address"):
        listen_on("no such host.invalid", port)


async def test_what_runs_is_answered_and_nothing_new_begun() -> None:
    began, may_end = asyncio.Event(), asyncio.Event()
    stopping = Stopping()

    async def slow(scope: object, receive: object, send: object) -> None:
        began.set()
        await may_end.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": b"answered"})  # type: ignore[operator]

    @asynccontextmanager
    async def nothing() -> AsyncIterator[None]:
        yield

    port = free_port()
    server = Server(
        Application(slow, nothing, stopping), Timing(shutdown=20), max_message_bytes=1_000
    )
    running = asyncio.create_task(server.serve(listen_on("127.0.0.1", port)))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        asking = asyncio.create_task(client.get("/"))
        await began.wait()
        server.stop()
        assert stopping.announced
        await stopping.wait()
        with pytest.raises(httpx.ConnectError):
            async with httpx.AsyncClient() as stranger:
                await stranger.get(f"http://127.0.0.1:{port}/")
        assert not running.done()
        may_end.set()
        answer = await asking
        assert (answer.status_code, answer.text) == (200, "answered")
        assert answer.headers["connection"] == "close"
    await running


async def test_ready_says_that_it_stops_while_it_still_accepts() -> None:
    async def fine() -> str:
        return "ok"

    stopping = Stopping()
    health = Health({"database": fine}, {}, stopping)
    request = Request({"type": "http"})
    assert (await health.ready(request)).status_code == 200
    stopping.announced = True
    answer = await health.ready(request)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert (await health.live(request)).status_code == 200


async def test_a_check_that_hangs_is_not_waited_for_and_not_repeated() -> None:
    asked = 0
    answered = asyncio.Event()

    async def slow() -> str:
        nonlocal asked
        asked += 1
        await answered.wait()
        return "ok"

    async def broken() -> str:
        raise ConnectionError

    async def fine() -> str:
        return "ok"

    request = Request({"type": "http"})
    vital = Health({"database": slow}, {}, Stopping(), seconds=0.05)
    for _ in range(3):
        answer = await vital.ready(request)
        assert answer.status_code == 503
        assert b'"database":"no answer in time"' in answer.body
    assert asked == 1
    answered.set()
    await asyncio.sleep(0)
    assert (await vital.ready(request)).status_code == 200
    useful = Health({"database": fine}, {"redis": broken}, Stopping())
    answer = await useful.ready(request)
    assert answer.status_code == 200
    assert b'"status":"degraded"' in answer.body
    assert b'"redis":"no answer"' in answer.body
