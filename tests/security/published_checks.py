"""What GraphQL Cop looks for, asked of a running server.

The tool itself is in no package index (the name on PyPI is an empty placeholder), so its published list of
checks is written here anew. Source: https://github.com/dolevf/graphql-cop, section "Detections" of its
README.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

Holds = Callable[[httpx.Response], bool]
MANY = 101


@dataclass(frozen=True)
class Check:
    """`holds` says of the answer to `request` that the server is not exposed."""

    title: str
    severity: str
    request: Callable[[httpx.Client], httpx.Response]
    holds: Holds


def _post(query: str, **more: Any) -> Callable[[httpx.Client], httpx.Response]:
    return lambda client: client.post("/graphql", json={"query": query, **more})


def no_data(response: httpx.Response) -> bool:
    """Refused before it was executed."""
    if response.status_code >= 400:
        return response.status_code < 500
    body = response.json()
    return isinstance(body, dict) and bool(body.get("errors")) and not body.get("data")


def no_server_error(response: httpx.Response) -> bool:
    return response.status_code < 500 and "INTERNAL" not in response.text


def no_suggestion(response: httpx.Response) -> bool:
    return "Did you mean" not in response.text


def no_trace(response: httpx.Response) -> bool:
    extensions = response.json().get("extensions") or {}
    return not {"tracing", "debug", "exception", "stacktrace"} & set(extensions)


DEEP = "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }"
CHECKS = [
    Check(
        "alias overloading",
        "high",
        _post("{ " + " ".join(f"a{n}: __typename" for n in range(MANY)) + " }"),
        no_data,
    ),
    Check(
        "array of operations",
        "high",
        lambda client: client.post("/graphql", json=[{"query": "{ __typename }"}] * 10),
        no_data,
    ),
    Check(
        "field duplication",
        "high",
        _post("{ " + "__typename " * 500 + "}"),
        no_data,
    ),
    Check(
        "directive overloading",
        "high",
        _post("{ __typename " + "@aa" * 50 + " }"),
        no_data,
    ),
    Check("circular introspection", "high", _post(DEEP), no_data),
    Check("mutation over GET", "medium",
          lambda client: client.get("/graphql", params={"query": "mutation { __typename }"}), no_data),
    Check("operation in a form", "medium",
          lambda client: client.post("/graphql", data={"query": "{ __typename }"}), no_data),
    Check("query over GET from another site", "medium",
          lambda client: client.get("/graphql", params={"query": "{ __typename }"},
                                    headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}),
          lambda response: "access-control-allow-origin" not in response.headers),
    Check("tracing", "info", _post("{ __typename }"), no_trace),
    Check("unhandled error", "info",
          lambda client: client.post("/graphql", content=b"\xff{"), no_server_error),
    Check("unhandled operation", "info", _post("qwerty { abc }"), no_server_error),
]  # fmt: skip
# Off in production; asked of a server that runs as there.
IN_PRODUCTION = [
    Check("introspection", "high", _post("{ __schema { types { name } } }"), no_data),
    Check("field suggestions", "low", _post("{ brand { nam } }"), no_suggestion),
    Check("GraphiQL", "low",
          lambda client: client.get("/graphql", headers={"Accept": "text/html"}),
          lambda response: "graphiql" not in response.text.lower()),
]  # fmt: skip


def failed(base_url: str, checks: list[Check]) -> list[str]:
    """The titles of the checks that found something."""
    with httpx.Client(base_url=base_url, timeout=20) as client:
        return [each.title for each in checks if not each.holds(each.request(client))]
