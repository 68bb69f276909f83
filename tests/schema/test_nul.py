from __future__ import annotations

import json

import pytest
import websockets

from tests.make.api import Api

ESCAPED = '{"query": "{ cart(token: \\"a\\u005cu0000x\\") { id } }"}'
FIND = "query($code: String!) { organisation(code: $code) { id } }"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"query": FIND, "variables": {"code": "\0"}}),
        json.dumps({"query": '{ organisation(code: "\\u0000") { id } }'}),
        json.dumps({"query": '{ organisation(code: "\\u{000}") { id } }'}),
        ESCAPED,
        '{"query": "{ cart(token: \\"a\\u005Cu{00}x\\") { id } }"}',
        json.dumps({"query": "{ __typename }", "operationName": "a\0"}),
    ],
)
async def test_nul_is_refused_before_anything_is_asked(api: Api, body: str) -> None:
    headers = {"content-type": "application/json"}
    answer = await api.client.post("/graphql", content=body, headers=headers)
    assert answer.status_code == 400
    assert "NUL" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"query": FIND, "variables": json.dumps({"code": "\0"})},
        {"query": '{ cart(token: "a\0x") { id } }'},
        {"query": '{ cart(token: "a\\u0000x") { id } }'},
        {"query": "{ __typename }", "operationName": "a\0"},
        {"documentId": "a\0"},
    ],
)
async def test_nul_in_an_address_is_refused(api: Api, parameters: dict[str, str]) -> None:
    answer = await api.client.get("/graphql", params=parameters)
    assert answer.status_code == 400
    assert "NUL" in answer.json()["errors"][0]["message"]


async def test_a_backslash_before_letters_is_no_nul(api: Api) -> None:
    answer = await api.send(FIND, code="\\u0041")
    assert answer["data"] == {"organisation": None}


@pytest.mark.parametrize(
    ("operations", "name"),
    [
        (f'{ESCAPED[:-1]}, "variables": {{"code": null}}}}', "a.csv"),
        (json.dumps({"query": FIND, "variables": {"code": "\0"}}), "a.csv"),
        (json.dumps({"query": FIND, "variables": {"code": None}}), "a\0.csv"),
    ],
)
async def test_nul_in_a_form_is_refused(api: Api, operations: str, name: str) -> None:
    admin = await api.staff()
    line, edge = "\r\n", "--edge\r\nContent-Disposition: form-data; "
    form = f'{edge}name="operations"{line * 2}{operations}{line}'
    form += f'{edge}name="map"{line * 2}{{"0": ["variables.code"]}}{line}'
    form += f'{edge}name="0"; filename="{name}"{line * 2}text{line}--edge--{line}'
    headers = {
        **admin.headers,
        "content-type": "multipart/form-data; boundary=edge",
        "apollo-require-preflight": "true",
    }
    answer = await api.client.post("/graphql", content=form, headers=headers)
    assert answer.status_code == 400
    assert "NUL" in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "message",
    [
        json.dumps({"type": "connection_init", "payload": {"x": "\0"}}),
        f'{{"type": "subscribe", "id": "1", "payload": {ESCAPED}}}',
    ],
)
async def test_nul_over_websocket_ends_the_connection(api: Api, message: str) -> None:
    url = api.settings.base_url.replace("http", "ws", 1) + "/graphql"
    async with websockets.connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send(message)
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400
