from __future__ import annotations

import json
from ipaddress import ip_address

import httpx
import pytest
from prometheus_client import REGISTRY

from gateways import GatewayError, http
from gateways.circuits import OPEN_AFTER, OPEN_SECONDS, CircuitOpen, Circuits
from models.database import transaction
from tests.make.api import Api

HERE = ip_address("127.0.0.1")


async def send(url: str, body: bytes = b"", circuits: Circuits | None = None) -> tuple[int, bytes]:
    headers = {"content-type": "application/json"}
    async with http.open_client() as client:
        return await http.post_pinned(
            client,
            httpx.URL(url),
            [HERE],
            body=body,
            headers=headers,
            seconds=30,
            circuits=circuits,
        )


def counted(outcome: str) -> float:
    labels = {"purpose": "webhook", "outcome": outcome}
    return REGISTRY.get_sample_value("quintet_outgoing_calls_total", labels) or 0


async def test_it_posts(api: Api) -> None:
    status, content = await send(f"{api.settings.base_url}/graphql", b'{"query": "{ __typename }"}')
    assert (status, json.loads(content)["data"]) == (200, {"__typename": "Query"})


async def test_it_refuses_inside_a_transaction(api: Api) -> None:
    with pytest.raises(http.CalledInTransaction):
        await transaction(send, f"{api.settings.base_url}/graphql", b"{}")


async def test_who_cannot_be_reached_is_told_in_plain_words() -> None:
    with pytest.raises(GatewayError) as raised:
        await send("http://127.0.0.1:1/")
    said = "no answer from 127.0.0.1: it cannot be reached, or refuses connections"
    assert str(raised.value) == said


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "ftp://127.0.0.1/"])
async def test_no_answer_is_a_gateway_error(url: str) -> None:
    with pytest.raises(GatewayError):
        await send(url)


async def test_a_host_that_never_answers_is_left_alone_for_a_while(api: Api) -> None:
    now = 0.0
    circuits = Circuits(lambda: now)
    unanswered, refused = counted("unanswered"), counted("open")
    for _ in range(OPEN_AFTER):
        with pytest.raises(GatewayError, match="no answer"):
            await send("http://127.0.0.1:1/", circuits=circuits)
    with pytest.raises(CircuitOpen):
        await send("http://127.0.0.1:1/", circuits=circuits)
    assert (counted("unanswered") - unanswered, counted("open") - refused) == (OPEN_AFTER, 1)
    now = OPEN_SECONDS
    answered = counted("answered")
    assert (await send(f"{api.settings.base_url}/graphql", b"{}", circuits))[0] == 400
    assert (await send(f"{api.settings.base_url}/graphql", b"{}", circuits))[0] == 400
    assert counted("answered") - answered == 2


def test_one_call_tries_a_host_again_while_others_wait() -> None:
    now = 0.0
    circuits = Circuits(lambda: now)
    for _ in range(OPEN_AFTER):
        circuits.failed("a.example")
    now = OPEN_SECONDS
    circuits.check("a.example")
    with pytest.raises(CircuitOpen):
        circuits.check("a.example")
    circuits.check("b.example")
    circuits.answered("a.example")
    circuits.check("a.example")
