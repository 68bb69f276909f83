"""What counts as a GraphQL request over HTTP, and how the rest is refused."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.schema.toy_server import LEDGER, toy_server

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with toy_server() as address:
        yield f"http://{address}/graphql"


def message_of(response: httpx.Response) -> str:
    """The one error of a refusal, which has no data."""
    body = response.json()
    assert "data" not in body
    assert [error["extensions"]["code"] for error in body["errors"]] == ["INVALID"]
    return str(body["errors"][0]["message"])


def test_post_answers(url: str) -> None:
    body = {
        "query": "query Greet($n: String!) { hello(name: $n) } query Other { crash }",
        "variables": {"n": "李雷"},
        "operationName": "Greet",
        "extensions": {"client": "test"},
        "unknown": [1],
    }
    response = httpx.post(url, json=body, headers={"Authorization": "Bearer t"})
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    assert response.json()["data"]["hello"].startswith("Hello 李雷, Bearer t")


def test_get_answers_queries(url: str) -> None:
    query = {"query": "query($n: String!) { hello(name: $n) }", "variables": '{"n": "you"}'}
    response = httpx.get(url, params={**query, "operationName": "", "extensions": ""})
    assert response.status_code == 200
    assert "Hello you" in response.json()["data"]["hello"]


@pytest.mark.parametrize("accept", ["application/json", "application/graphql-response+json"])
def test_get_never_mutates(url: str, accept: str) -> None:
    before = LEDGER.mutations
    response = httpx.get(url, params={"query": "mutation { record }"}, headers={"Accept": accept})
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert message_of(response) == "A mutation must be sent by POST."
    assert LEDGER.mutations == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(url: str, method: str) -> None:
    response = httpx.request(method, url, json={"query": "{ hello }"})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The body is not valid JSON in UTF-8."),
        (b'{"query": "{ hello }"', "The body is not valid JSON in UTF-8."),
        (b'{"query": "\xff"}', "The body is not valid JSON in UTF-8."),
        (b'{"query": "\\ud800"}', "The body is not valid JSON in UTF-8."),
        (b'{"query": NaN}', "The body is not valid JSON in UTF-8."),
        (b"[" * 5_000, "The body is not valid JSON in UTF-8."),
        (b'[{"query": "{ hello }"}]', "Batches are not accepted: send one operation a request."),
        (b'"{ hello }"', "The body must be a JSON object."),
        (b"{}", "query is required and must be a string."),
        (b'{"query": null}', "query is required and must be a string."),
        (b'{"query": ["{ hello }"]}', "query is required and must be a string."),
        (b'{"query": "{ hello }", "variables": []}', "variables must be an object or null."),
        (b'{"query": "{ hello }", "extensions": 1}', "extensions must be an object or null."),
        (b'{"query": "{ hello }", "operationName": 1}', "operationName must be a string or null."),
    ],
)
def test_malformed_bodies_are_400(url: str, body: bytes, sentence: str) -> None:
    contexts = LEDGER.contexts
    response = httpx.post(url, content=body, headers=JSON)
    assert response.status_code == 400
    assert message_of(response) == sentence
    assert LEDGER.contexts == contexts


@pytest.mark.parametrize(
    "params",
    [{}, {"query": "{ hello }", "variables": "{"}, {"query": "{ hello }", "variables": "[]"}],
)
def test_malformed_gets_are_400(url: str, params: dict[str, str]) -> None:
    response = httpx.get(url, params=params)
    assert response.status_code == 400
    assert message_of(response)


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": ""},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=gb18030"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_other_media_types_are_415(url: str, headers: dict[str, str]) -> None:
    response = httpx.post(url, content=b'{"query": "mutation { record }"}', headers=headers)
    assert response.status_code == 415
    assert message_of(response)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_large_body_is_413(url: str, chunked: bool) -> None:
    body = b'{"query": "{ hello }", "x": "' + b"x" * 20_000 + b'"}'
    content = iter([body[:100], body[100:]]) if chunked else body
    response = httpx.post(url, content=content, headers=JSON)
    assert response.status_code == 413
    assert message_of(response) == "The body is larger than 20000 bytes."


def test_a_body_at_the_limit_is_read(url: str) -> None:
    body = b'{"query": "{ hello }"}'
    response = httpx.post(url, content=body + b" " * (20_000 - len(body)), headers=JSON)
    assert response.status_code == 200


def test_subscriptions_are_pointed_to_the_websocket(url: str) -> None:
    contexts = LEDGER.contexts
    response = httpx.post(url, json={"query": "subscription { forever }"})
    assert "WebSocket" in message_of(response)
    assert LEDGER.contexts == contexts
