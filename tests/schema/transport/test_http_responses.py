"""Media types and status codes of GraphQL over HTTP."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from schema.transport.http_response import negotiate
from tests.schema.toy_server import LEDGER, toy_server

GRAPHQL = "application/graphql-response+json"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with toy_server() as address:
        yield f"http://{address}/graphql"


def post(url: str, query: str, accept: str = GRAPHQL, **headers: str) -> httpx.Response:
    return httpx.post(url, json={"query": query}, headers={"Accept": accept, **headers})


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, application/json; charset=utf-8", GRAPHQL),
        (f"application/json;q=0.9, {GRAPHQL}", GRAPHQL),
        (f"application/json, {GRAPHQL};q=0.9", "application/json"),
        (f"{GRAPHQL.upper()}", GRAPHQL),
        (f"{GRAPHQL};charset=latin-1, application/json", "application/json"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json;q=0", None),
        ("application/json;q=x", None),
        ("application/xml", None),
        (",;,=;", None),
    ],
)
def test_negotiation(accept: str | None, expected: str | None) -> None:
    assert negotiate(accept) == expected


def test_an_unknown_accept_is_406(url: str) -> None:
    before = LEDGER.mutations
    response = post(url, "mutation { record }", "application/xml")
    assert response.status_code == 406
    assert response.headers["content-type"].startswith("application/json")
    assert LEDGER.mutations == before


@pytest.mark.parametrize(
    "query",
    [
        "{",
        "{ nothing }",
        "query($n: Int!) { hello }",
        "query A { hello } query B { hello }",
        "query($n: String!) { hello(name: $n) }",
        "subscription { forever }",
    ],
)
def test_a_refused_document_is_400_or_legacy_200(url: str, query: str) -> None:
    strict, legacy = post(url, query), post(url, query, "application/json")
    assert (strict.status_code, legacy.status_code) == (400, 200)
    assert strict.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert strict.json() == legacy.json()
    assert "data" not in strict.json()
    assert {error["extensions"]["code"] for error in strict.json()["errors"]} == {"INVALID"}


def test_an_unknown_operation_name_is_refused(url: str) -> None:
    body = {"query": "query A { hello }", "operationName": "B"}
    response = httpx.post(url, json=body, headers={"Accept": GRAPHQL})
    assert response.status_code == 400
    assert "no operation named 'B'" in response.json()["errors"][0]["message"]


def test_partial_results_are_200(url: str) -> None:
    body = post(url, "{ node { name broken denied } }")
    assert body.status_code == 200
    assert body.json()["data"] == {"node": {"name": "root", "broken": None, "denied": None}}
    codes = {tuple(e["path"]): e["extensions"]["code"] for e in body.json()["errors"]}
    assert codes == {("node", "broken"): "INTERNAL", ("node", "denied"): "UNAUTHENTICATED"}
    assert "hunter2" not in body.text


def test_null_data_of_an_executed_operation_is_200(url: str) -> None:
    response = post(url, "{ crash }")
    assert response.status_code == 200
    assert response.json()["data"] is None
    assert "hunter2" not in response.text


def test_bad_credentials_are_401(url: str) -> None:
    before = LEDGER.mutations
    response = post(url, "mutation { record }", Authorization="Bearer bad")
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert LEDGER.mutations == before


@pytest.mark.parametrize(
    ("query", "token"), [("{ hello }", "Bearer defect"), ("{ unserialisable }", "Bearer good")]
)
def test_a_defect_is_500_and_masked(url: str, query: str, token: str) -> None:
    response = post(url, query, Authorization=token)
    assert response.status_code == 500
    assert response.json()["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in response.text


def test_outcomes_are_observed(url: str) -> None:
    before = LEDGER.outcomes.copy()
    for query in ("{ hello }", "{ crash }", "{ nothing }", "mutation { record }"):
        assert post(url, query).status_code in (200, 400)
    assert LEDGER.outcomes - before == {
        ("query", "ok"): 1,
        ("query", "error"): 1,
        ("unknown", "refused"): 1,
        ("mutation", "ok"): 1,
    }


def test_every_request_has_its_own_context(url: str) -> None:
    answers = [post(url, "{ remembered }").json() for _ in range(3)]
    assert answers == [{"data": {"remembered": 1}}] * 3
