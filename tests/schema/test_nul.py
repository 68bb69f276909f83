from __future__ import annotations

import json

import pytest
import websockets

from tests.make.api import Api

FIND = "query($code: String!) { organisation(code: $code) { id } }"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"query": FIND, "variables": {"code": "\0"}}),
        json.dumps({"query": '{ organisation(code: "\\u0000") { id } }'}),
        json.dumps({"query": '{ organisation(code: "\\u{000}") { id } }'}),
    ],
)
async def test_nul_is_refused_before_anything_is_asked(api: Api, body: str) -> None:
    headers = {"content-type": "application/json"}
    answer = await api.client.post("/graphql", content=body, headers=headers)
    assert answer.status_code == 400
    assert "NUL" in answer.json()["errors"][0]["message"]


async def test_nul_in_an_address_is_refused(api: Api) -> None:
    answer = await api.client.get(
        "/graphql", params={"query": FIND, "variables": json.dumps({"code": "\0"})}
    )
    assert answer.status_code == 400


async def test_nul_over_websocket_ends_the_connection(api: Api) -> None:
    url = api.settings.base_url.replace("http", "ws", 1) + "/graphql"
    async with websockets.connect(url, subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        await socket.send(json.dumps({"type": "connection_init", "payload": {"x": "\0"}}))
        with pytest.raises(websockets.ConnectionClosed) as closed:
            await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4400
