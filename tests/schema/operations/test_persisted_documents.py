"""Documents that a request only names: automatic persisted queries and trusted documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from gateways.persisted_queries import LocalPersistedQueries
from schema.operations.documents.persisted import PersistedDocuments
from schema.operations.documents.trusted import TrustedDocuments, read_trusted_documents
from schema.transport.http_response import GRAPHQL
from settings import Settings, SettingsError
from tests.schema.toy_server import LEDGER, toy_server

HELLO = 'query Hello($n: String! = "you") { hello(name: $n) }'
TRUSTED = "query Trusted { node { name } }"
NOT_FOUND = {
    "message": "PersistedQueryNotFound",
    "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"},
}
NOT_SUPPORTED = {
    "message": "PersistedQueryNotSupported",
    "extensions": {"code": "PERSISTED_QUERY_NOT_SUPPORTED"},
}


def hash_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def persisted(text: str, **more: Any) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(text), **more}}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    trusted = TrustedDocuments({"a-1": TRUSTED})
    with toy_server(PersistedDocuments(LocalPersistedQueries(), trusted)) as address:
        yield f"http://{address}/graphql"


@pytest.fixture(scope="module")
def strict_url() -> Iterator[str]:
    trusted = TrustedDocuments({"a-1": TRUSTED})
    documents = PersistedDocuments(LocalPersistedQueries(), trusted, trusted_only=True)
    with toy_server(documents) as address:
        yield f"http://{address}/graphql"


def get(url: str, accept: str = "application/json", **parameters: Any) -> httpx.Response:
    texts = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in parameters.items()
    }
    return httpx.get(url, params=texts, headers={"Accept": accept})


def errors_of(response: httpx.Response) -> list[dict[str, Any]]:
    body: dict[str, Any] = response.json()
    assert "data" not in body
    errors: list[dict[str, Any]] = body["errors"]
    return errors


@pytest.mark.parametrize("accept", ["application/json", GRAPHQL])
def test_a_document_is_named_then_sent_then_named(url: str, accept: str) -> None:
    query = HELLO + f" # {accept}"
    headers, named = {"Accept": accept}, {"extensions": persisted(query)}
    contexts = LEDGER.contexts
    for unknown in (
        httpx.post(url, json=named, headers=headers),
        httpx.post(url, json={**named, "query": ""}, headers=headers),
        get(url, accept, **named),
    ):
        assert unknown.status_code == 200
        assert unknown.headers["cache-control"] == "no-store"
        assert errors_of(unknown) == [NOT_FOUND]
    assert LEDGER.contexts == contexts
    told = httpx.post(url, json={**named, "query": query}, headers=headers)
    assert told.json()["data"]["hello"].startswith("Hello you")
    again = httpx.post(url, json={**named, "variables": {"n": "李雷"}}, headers=headers)
    assert again.json()["data"]["hello"].startswith("Hello 李雷")
    assert get(url, accept, **named).json() == told.json()


@pytest.mark.parametrize(
    ("query", "extensions", "sentence"),
    [
        ("{ node { name } }", persisted(HELLO), "provided sha does not match query"),
        (None, persisted(HELLO, version=2), "Unsupported persisted query version"),
        (None, {"persistedQuery": "x"}, "Unsupported persisted query version"),
        (None, persisted(HELLO, sha256Hash=7), "persistedQuery.sha256Hash must be"),
        (None, persisted(HELLO, sha256Hash="a" * 257), "persistedQuery.sha256Hash must be"),
    ],
)
def test_what_is_no_persisted_query_is_refused(
    url: str, query: str | None, extensions: dict[str, Any], sentence: str
) -> None:
    body = {"query": query, "extensions": extensions}
    response = httpx.post(url, json=body, headers={"Accept": GRAPHQL})
    assert response.status_code == 400
    (error,) = errors_of(response)
    assert error["message"].startswith(sentence)
    assert error["extensions"] == {"code": "INVALID"}


def test_only_valid_documents_are_kept(url: str) -> None:
    query = "{ nothing }"
    told = httpx.post(url, json={"query": query, "extensions": persisted(query)})
    assert errors_of(told)[0]["extensions"]["code"] == "INVALID"
    assert errors_of(get(url, extensions=persisted(query))) == [NOT_FOUND]


def test_a_mutation_is_not_run_by_get_when_it_is_only_named(url: str) -> None:
    query = "mutation { record }"
    assert httpx.post(url, json={"query": query, "extensions": persisted(query)}).is_success
    before = LEDGER.mutations
    assert get(url, extensions=persisted(query)).status_code == 405
    assert LEDGER.mutations == before


def test_a_websocket_knows_the_same_documents(url: str) -> None:
    with connect(url.replace("http", "ws"), subprotocols=["graphql-transport-ws"]) as socket:  # type: ignore[list-item]
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv())["type"] == "connection_ack"
        query = "subscription { ticks(to: 1) { number } }"
        answers = []
        for identifier, payload in enumerate(
            [
                {"extensions": persisted(query)},
                {"extensions": persisted(query), "query": query},
                {"extensions": persisted(query)},
                {"documentId": "a-1"},
            ]
        ):
            socket.send(
                json.dumps({"id": f"{identifier}", "type": "subscribe", "payload": payload})
            )
            answers.append(json.loads(socket.recv())["payload"])
            if "errors" not in answers[-1] and isinstance(answers[-1], dict):
                assert json.loads(socket.recv())["type"] == "complete"
    assert answers[0] == [NOT_FOUND]
    assert answers[1]["data"] == answers[2]["data"] == {"ticks": {"number": 1}}
    assert answers[3]["data"] == {"node": {"name": "root"}}


@pytest.mark.parametrize(
    "named",
    [
        {"documentId": "a-1"},
        {"documentId": hash_of(TRUSTED)},
        {"documentId": f"sha256:{hash_of(TRUSTED)}"},
        {"extensions": persisted(TRUSTED)},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "a-1"}}},
        {"query": TRUSTED},
        {"query": TRUSTED, "extensions": persisted(TRUSTED)},
    ],
)
def test_a_trusted_document_is_answered_by_every_name(
    url: str, strict_url: str, named: dict[str, Any]
) -> None:
    for each in (url, strict_url):
        assert httpx.post(each, json=named).json() == {"data": {"node": {"name": "root"}}}
        assert get(each, **named).json() == {"data": {"node": {"name": "root"}}}


def test_nothing_else_is_answered_where_only_they_are_trusted(strict_url: str) -> None:
    contexts = LEDGER.contexts
    for query in ("{ hello }", TRUSTED + " ", "{ __schema { queryType { name } } }"):
        for extensions in (None, persisted(query)):
            response = httpx.post(
                strict_url,
                json={"query": query, "extensions": extensions},
                headers={"Accept": GRAPHQL},
            )
            assert response.status_code == 400
            assert errors_of(response)[0]["message"].startswith("Only documents that this server")
        assert errors_of(get(strict_url, extensions=persisted(query))) == [NOT_SUPPORTED]
    assert errors_of(httpx.post(strict_url, json={"documentId": "a-2"})) == [NOT_FOUND]
    assert LEDGER.contexts == contexts


def test_automatic_ones_can_be_switched_off() -> None:
    with toy_server(PersistedDocuments()) as address:
        url = f"http://{address}/graphql"
        assert httpx.post(url, json={"query": HELLO, "extensions": persisted(HELLO)}).is_success
        assert errors_of(get(url, extensions=persisted(HELLO))) == [NOT_SUPPORTED]


async def test_what_is_kept_is_bounded() -> None:
    queries = LocalPersistedQueries()
    for number in range(1_200):
        await queries.put(f"{number}", "x" * 2_500, f"sharer {number}")
    assert await queries.get("1199")
    assert await queries.get("0") is None
    assert sum([await queries.get(f"{n}") is not None for n in range(1_200)]) == 800


APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": "b", "name": "B", "type": "query", "body": "query B { hello }"}],
}


def test_manifests_of_both_kinds_are_read(tmp_path: Path) -> None:
    (tmp_path / "codegen.json").write_text(json.dumps({"a": "query A { hello }"}))
    (tmp_path / "apollo.json").write_text(json.dumps(APOLLO))
    both = read_trusted_documents(str(tmp_path))
    assert both.texts == {"query A { hello }", "query B { hello }"}
    assert both.find("a") == "query A { hello }"
    assert both.find("b") == both.find(hash_of("query B { hello }")) == "query B { hello }"
    one = read_trusted_documents(str(tmp_path / "apollo.json"))
    assert one.texts == {"query B { hello }"}
    assert read_trusted_documents("").texts == frozenset()


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"a": 1}', '{"a": null}', "{}", '"x"'])
def test_another_file_stops_the_start(tmp_path: Path, manifest: str) -> None:
    file = tmp_path / "manifest.json"
    file.write_text(manifest)
    with pytest.raises(SettingsError, match="QUINTET_TRUSTED_DOCUMENTS"):
        read_trusted_documents(str(file))
    with pytest.raises(SettingsError, match="QUINTET_TRUSTED_DOCUMENTS"):
        read_trusted_documents(str(tmp_path / "missing.json"))


def test_trusting_only_documents_needs_some() -> None:
    with pytest.raises(SettingsError, match="QUINTET_TRUSTED_DOCUMENTS_ONLY needs"):
        Settings.from_environment({"QUINTET_TRUSTED_DOCUMENTS_ONLY": "true"})
