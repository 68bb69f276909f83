"""Request IDs and log lines: useful to whoever looks after a server, useless to eavesdroppers."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import asyncpg
import httpx
import pytest
import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from structlog.testing import capture_logs

from gateways.telemetry.log_privacy import path_without_secrets, traceback_of
from gateways.telemetry.logs import RequestIdMiddleware, redact
from models.error_text import message_of


async def echo(request: Request) -> PlainTextResponse:
    request.scope["state"]["operation_name"] = "Greet"
    bound = structlog.contextvars.get_contextvars()["request_id"]
    assert bound == request.state.request_id
    return PlainTextResponse(bound)


async def defect(request: Request) -> PlainTextResponse:
    raise RuntimeError("password=hunter2")


async def socket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.close(4403)


def make_app() -> RequestIdMiddleware:
    return RequestIdMiddleware(
        Starlette(
            routes=[
                Route("/pay/{secret}", echo, methods=["POST"]),
                Route("/health/live", echo),
                Route("/defect", defect),
                WebSocketRoute("/socket", socket),
            ]
        ),
        quiet_paths={"/health/live"},
    )


@pytest.fixture(autouse=True)
def everything_is_logged() -> None:
    """Whatever level another test's server has set."""
    structlog.reset_defaults()


async def ask(
    method: str, path: str, headers: dict[str, Any] | None = None
) -> tuple[httpx.Response, list[Any]]:
    transport = httpx.ASGITransport(make_app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        with capture_logs() as lines:
            return await client.request(method, path, headers=headers), lines


@pytest.mark.parametrize("given", ["abc-1.2_3", "x" * 64])
async def test_a_sane_request_id_is_kept(given: str) -> None:
    response, _ = await ask("POST", "/pay/1", {"X-Request-ID": given})
    assert response.text == given
    assert response.headers.get_list("x-request-id") == [given]


@pytest.mark.parametrize("given", ["", "x" * 65, "a b", 'a"b', "a;b", "é", "a\tb"])
async def test_any_other_is_replaced(given: str) -> None:
    response, _ = await ask("POST", "/pay/1", {"X-Request-ID": given.encode()})
    assert response.headers["x-request-id"] == response.text != given
    assert len(response.text) == 32


async def test_each_request_has_another_id() -> None:
    assert len({(await ask("POST", "/pay/1"))[0].text for _ in range(10)}) == 10
    assert structlog.contextvars.get_contextvars() == {}


async def test_one_line_a_request_without_secrets() -> None:
    headers = {"Authorization": "Bearer t0ken"}
    _, (line,) = await ask("POST", "/pay/s3cret?phone=13800000000", headers)
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "POST",
        "path": "/pay/{secret}",
        "status": 200,
        "operation": "Greet",
    }


async def test_an_unmatched_path_cannot_forge_a_line() -> None:
    response, (line,) = await ask("GET", "/nothing%0A%1B[31mforged/" + "x" * 500)
    assert (response.status_code, line["status"]) == (404, 404)
    assert line["path"] == "/…"


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/", "/"),
        ("/robots.txt", "/robots.txt"),
        ("/s/m0Tok3n/extra", "/s/…"),
        ("/wp-admin/13800001234", "/wp-admin/…"),
        ("/13800001234", "/…"),
        ("/Tok3nTok3n", "/…"),
        ("/averyveryverylongfirstsegment", "/…"),
        ("/graphql\n2026 forged", "/…"),
        ("", "/…"),
    ],
)
def test_of_an_unmatched_path_only_a_plain_word_is_written(path: str, written: str) -> None:
    assert path_without_secrets(path) == written


async def test_quiet_paths_are_logged_at_debug() -> None:
    _, (line,) = await ask("GET", "/health/live")
    assert line["log_level"] == "debug"


async def test_a_defect_is_500_with_its_id() -> None:
    response, (line,) = await ask("GET", "/defect")
    assert (response.status_code, line["status"]) == (500, 500)
    assert "x-request-id" in response.headers
    assert "hunter2" not in json.dumps(line)


async def test_websockets_are_logged_when_they_close() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"x-request-id", b"ws-1")]
    with capture_logs() as lines:
        await make_app()(
            {"type": "websocket", "path": "/socket", "headers": headers, "query_string": b""},
            receive,
            send,
        )
    assert [message["type"] for message in sent] == ["websocket.accept", "websocket.close"]
    assert (b"x-request-id", b"ws-1") in sent[0]["headers"]
    (line,) = lines
    assert (line["event"], line["path"], line["status"]) == ("websocket closed", "/socket", 4403)


def test_secrets_are_redacted() -> None:
    event = {"event": "sign in", "token": "t", "password": "p", "member": 7}
    assert redact(None, "info", event) == {
        "event": "sign in",
        "token": "[redacted]",
        "password": "[redacted]",
        "member": 7,
    }


SCRIPT = """
import logging, sys
import structlog
from gateways.telemetry.log_privacy import message_of, path_without_secrets, traceback_of
from gateways.telemetry.logs import configure_logging
configure_logging("info", json=sys.argv[1] == "json")
log = structlog.get_logger("quintet")
with structlog.contextvars.bound_contextvars(request_id="r1"):
    log.debug("hidden")
    log.info("placed", order=1, token="t0ken")
    logging.getLogger("library").warning("its %s", "words")
    try:
        password = "hunter" + "2"
        raise ValueError("broken")
    except ValueError:
        log.exception("failed")
"""


def logged(form: str) -> str:
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, form], capture_output=True, text=True, check=True
    )
    assert run.stdout == ""
    assert "hidden" not in run.stderr
    assert "t0ken" not in run.stderr
    assert "hunter2" not in run.stderr
    return run.stderr


def test_json_lines() -> None:
    lines = [json.loads(line) for line in logged("json").splitlines()]
    assert [line["event"] for line in lines] == ["placed", "its words", "failed"]
    assert {line["request_id"] for line in lines} == {"r1"}
    assert [line["level"] for line in lines] == ["info", "warning", "error"]
    assert [line["logger"] for line in lines] == ["quintet", "library", "quintet"]
    assert "ValueError: broken" in lines[2]["exception"]


def test_console_lines() -> None:
    text = logged("console")
    for words in ("placed", "its words", "ValueError: broken", "[redacted]"):
        assert words in text
    assert "\x1b" not in text, "colours in a pipe"


def test_a_traceback_shows_the_way_and_no_value() -> None:
    phone, text = "+8613800001234", "password=hunter2 of 王小明 is qa_0123456789abcdef"
    violation = asyncpg.UniqueViolationError('duplicate key violates unique constraint "uid"')
    violation.detail = f"Key (phone)=({phone}) already exists."
    try:
        raise KeyError(phone) from ValueError(text)
    except KeyError as error:
        written = traceback_of((type(error), error, error.__traceback__))
    assert "builtins.KeyError: …" in written
    assert "builtins.ValueError: password=… of … is …" in written
    assert "raise KeyError(phone)" in written
    assert message_of(violation) == 'duplicate key violates unique constraint "uid"'
