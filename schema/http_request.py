"""Reads a GraphQL request out of an HTTP request.

Source: GraphQL over HTTP, working draft, section "Request".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
from starlette.requests import Request

_NUL = re.compile(rb"\\u(?:0000|\{0+\})")


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    query: str
    variables: dict[str, Any] | None = None
    operation_name: str | None = None
    extensions: dict[str, Any] | None = None


class BadRequest(Exception):
    """What was sent is no GraphQL request; answered with `status` and `headers`."""

    def __init__(
        self, message: str, status: int = 400, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.headers = dict(headers or {})


async def read_request(request: Request, max_body_bytes: int) -> GraphQLRequest:
    """Raises `BadRequest`, and Starlette's `ClientDisconnect` when the client is gone."""
    if request.method == "GET":
        return graphql_request(_query_parameters(request))
    if request.method == "POST":
        _check_content_type(request)
        body = await _read_body(request, max_body_bytes)
        return graphql_request(_json(body, "The body"))
    raise BadRequest("GraphQL is served by GET and POST.", 405, {"Allow": "GET, POST"})


def graphql_request(parameters: object) -> GraphQLRequest:
    """Check the parameters of one request; unknown ones are ignored, as the specification says."""
    if isinstance(parameters, list):
        raise BadRequest("Batches are not accepted: send one operation a request.")
    if not isinstance(parameters, dict):
        raise BadRequest("The body must be a JSON object.")
    query = parameters.get("query")
    if not isinstance(query, str):
        raise BadRequest("query is required and must be a string.")
    operation_name = parameters.get("operationName")
    if not isinstance(operation_name, str | None):
        raise BadRequest("operationName must be a string or null.")
    return GraphQLRequest(
        query,
        _object_or_none(parameters, "variables"),
        # An empty name comes from forms and tools that always send the field.
        operation_name or None,
        _object_or_none(parameters, "extensions"),
    )


def _object_or_none(parameters: dict[str, Any], name: str) -> dict[str, Any] | None:
    value = parameters.get(name)
    if not isinstance(value, dict | None):
        raise BadRequest(f"{name} must be an object or null.")
    return value


def _query_parameters(request: Request) -> dict[str, object]:
    if any(holds_nul(value) for value in request.query_params.values()):
        raise BadRequest("The query string holds a NUL character.")
    parameters: dict[str, object] = dict(request.query_params)
    for name in ("variables", "extensions"):
        if parameters.get(name):
            parameters[name] = _json(cast("str", parameters[name]), name)
        else:
            parameters.pop(name, None)
    return parameters


def holds_nul(text: bytes | str) -> bool:
    """Whether JSON, or a document in it, writes U+0000, which PostgreSQL keeps in no text."""
    return bool(_NUL.search(text if isinstance(text, bytes) else text.encode()))


def _json(text: bytes | str, name: str) -> object:
    if holds_nul(text):
        raise BadRequest(f"{name} holds a NUL character.")
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"{name} is not valid JSON in UTF-8.") from error


def _check_content_type(request: Request) -> None:
    media_type, _, parameters = request.headers.get("content-type", "").partition(";")
    if media_type.strip().lower() != "application/json":
        raise BadRequest(
            "The Content-Type must be application/json.", 415, {"Accept-Post": "application/json"}
        )
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(' "').lower() not in ("utf-8", "utf8"):
            raise BadRequest("The charset must be UTF-8.", 415)
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise BadRequest("A compressed body is not accepted.", 415, {"Accept-Encoding": "identity"})


async def _read_body(request: Request, max_body_bytes: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_body_bytes:
        raise _too_large(max_body_bytes)
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > max_body_bytes:
            raise _too_large(max_body_bytes)
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large(max_body_bytes: int) -> BadRequest:
    # Closing spares reading the rest of what is refused.
    return BadRequest(
        f"The body is larger than {max_body_bytes} bytes.", 413, {"Connection": "close"}
    )
