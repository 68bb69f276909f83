"""Reads a GraphQL request out of an HTTP request.

Source: GraphQL over HTTP, working draft, section "Request" and appendix "Persisted documents".
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from functools import lru_cache
from typing import Any, cast
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from models.text.digits import MOST_DIGITS, whole_number
from schema.operations.request import GraphQLRequest
from serving.body_room import BodyRoom, Held, NoRoom

# Header names in lower case, as ASGI has them; of several with one name the last.
Headers = Mapping[bytes, bytes]
# Charges the reading of so many bytes before they are parsed.
Pay = Callable[[int], Awaitable[None]]

MOST_VALUES = 200_000
# As JSON writes U+0000, and as a document in it does, once the JSON has been read.
_NUL_IN_JSON = re.compile(rb"\\u0000")
_NUL_IN_DOCUMENT = re.compile(r"\0|\\u(?:0000|\{0+\})")


class BadRequest(Exception):
    """What was sent is no GraphQL request; answered with `status` and `headers`."""

    def __init__(
        self,
        message: str,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        code: str = "INVALID",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.headers = dict(headers or {})


async def read_request(
    scope: Scope,
    receive: Receive,
    headers: Headers,
    max_body_bytes: int,
    pay: Pay,
    bodies: BodyRoom,
) -> GraphQLRequest:
    """Read one request; `bodies` has the room for what has not come whole.

    Raises `BadRequest`, what `pay` raises, and Starlette's `ClientDisconnect` when the client is gone.
    """
    method = scope["method"]
    if method == "POST":
        _check_media_type(headers)
        _check_length(headers.get(b"content-length", b""), max_body_bytes)
        client = scope.get("client")
        held = bodies.hold(client[0] if client else "")
        try:
            body = await _read_body(receive, max_body_bytes, held)
            await pay(len(body))
            return graphql_request(_json(body, "The body"))
        except NoRoom as full:
            raise _no_room(full) from None
        finally:
            held.release()
    if method == "GET":
        await pay(len(scope["query_string"]))
        return graphql_request(_query_parameters(scope["query_string"]))
    raise BadRequest("GraphQL is served by GET and POST.", 405, {"Allow": "GET, POST"})


def graphql_request(parameters: object) -> GraphQLRequest:
    """Check the parameters of one request; unknown ones are ignored, as the specification says."""
    if not isinstance(parameters, dict):
        raise BadRequest(
            "Batches are not accepted: send one operation a request."
            if isinstance(parameters, list)
            else "The body must be a JSON object."
        )
    extensions = _object_or_none(parameters, "extensions")
    document_id = _text_or_none(parameters, "documentId")
    named_otherwise = document_id is not None or (extensions and "persistedQuery" in extensions)
    query = parameters.get("query")
    if isinstance(query, str) and _NUL_IN_DOCUMENT.search(query):
        raise BadRequest("query holds a NUL character.")
    # Clients of persisted queries leave the text out, or empty.
    if named_otherwise and not query:
        query = None
    elif not isinstance(query, str):
        raise BadRequest("query is required and must be a string.")
    return GraphQLRequest(
        query,
        _object_or_none(parameters, "variables"),
        # An empty name comes from forms and tools that always send the field.
        _text_or_none(parameters, "operationName") or None,
        extensions,
        document_id,
    )


def _object_or_none(parameters: dict[str, Any], name: str) -> dict[str, Any] | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, dict):
        raise BadRequest(f"{name} must be an object or null.")
    return value


def _text_or_none(parameters: dict[str, Any], name: str) -> str | None:
    value = parameters.get(name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name} must be a string or null.")
    if value is not None and "\0" in value:
        raise BadRequest(f"{name} holds a NUL character.")
    return value


def _query_parameters(query_string: bytes) -> dict[str, object]:
    parameters: dict[str, object] = {
        **dict(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))
    }
    for name in ("variables", "extensions"):
        if parameters.get(name):
            parameters[name] = _json(cast("str", parameters[name]), name)
        else:
            parameters.pop(name, None)
    return parameters


def holds_nul(text: bytes | str) -> bool:
    """Whether JSON writes U+0000, which PostgreSQL keeps in no text.

    A document has escapes of its own, which show once the JSON is read: `graphql_request` looks for them.
    """
    return bool(_NUL_IN_JSON.search(text if isinstance(text, bytes) else text.encode()))


def is_intricate(text: bytes | str) -> bool:
    """Whether JSON has so many values that to read it would keep everybody else waiting."""
    marks: tuple[Any, ...] = (b",", b"[", b"{") if isinstance(text, bytes) else (",", "[", "{")
    return len(text) > MOST_VALUES and sum(map(text.count, marks)) > MOST_VALUES


def _json(text: bytes | str, name: str) -> object:
    if holds_nul(text):
        raise BadRequest(f"{name} holds a NUL character.")
    if is_intricate(text):
        raise BadRequest(f"{name} holds more than {MOST_VALUES} values.", 413)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"{name} is not valid JSON in UTF-8.") from error


def _check_media_type(headers: Headers) -> None:
    if fault := _media_type_fault(headers.get(b"content-type", b"")):
        raise BadRequest(fault, 415, {"Accept-Post": "application/json"})
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        raise BadRequest("A compressed body is not accepted.", 415, {"Accept-Encoding": "identity"})


@lru_cache(maxsize=256)
def _media_type_fault(content_type: bytes) -> str | None:
    media_type, *parameters = content_type.decode("latin-1").split(";")
    if media_type.strip().lower() != "application/json":
        return "The Content-Type must be application/json."
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip(' "').lower() not in ("utf-8", "utf8"):
            return "The charset must be UTF-8."
    return None


def _check_length(announced: bytes, max_body_bytes: int) -> None:
    length = whole_number(announced)
    if len(announced) > MOST_DIGITS or (length is not None and length > max_body_bytes):
        raise _too_large(max_body_bytes)


async def _read_body(receive: Receive, max_body_bytes: int, held: Held) -> bytes:
    """One that comes in a piece is there already, and holds no room. Raises: NoRoom."""
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > max_body_bytes:
            raise _too_large(max_body_bytes)
        more = message.get("more_body", False)
        if more or chunks:
            held.grow(size)
        chunks.append(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _no_room(full: NoRoom) -> BadRequest:
    headers = {"Connection": "close", "Retry-After": "5"}
    if full.is_share:
        sentence = "Too many large requests come from this address at once. Try again."
        return BadRequest(sentence, 429, headers, "RATE_LIMITED")
    return BadRequest("Too many large requests come at once.", 503, headers, "UNAVAILABLE")


def _too_large(max_body_bytes: int) -> BadRequest:
    # Closing spares reading the rest of what is refused.
    return BadRequest(
        f"The body is larger than {max_body_bytes} bytes.", 413, {"Connection": "close"}
    )
