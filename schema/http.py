"""GraphQL over HTTP.

Source: GraphQL over HTTP, working draft (https://graphql.github.io/graphql-over-http/draft/).
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from graphql import GraphQLError, OperationDefinitionNode, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from models.errors import Denial, NotSignedIn, PermissionDenied, RateLimited
from schema.documents import DocumentRefused, operation_of
from schema.graphiql import graphiql_page
from schema.http_request import BadRequest, GraphQLRequest, read_request
from schema.http_response import GRAPHQL, HTML, JSON, MediaType, json_response, negotiate
from schema.operations import Answer, Operations

C = TypeVar("C")

# Of a whole request, when no context could be made for it. A field's denial stays in the answer.
DENIAL_STATUS = {NotSignedIn: 401, PermissionDenied: 403, RateLimited: 429}


class GraphQLOverHTTP(Generic[C]):
    """ASGI application that answers one operation a request.

    `application/graphql-response+json` has 400 for what was refused before any field ran;
    `application/json` has 200 for every well-formed request, as older clients expect.
    """

    def __init__(self, operations: Operations[C], *, graphiql: bool = True) -> None:
        self.operations = operations
        self.graphiql = graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self.respond(request)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def respond(self, request: Request) -> Response:
        media_type = negotiate(request.headers.get("accept"))
        if media_type == HTML and self.graphiql and request.method == "GET":
            return graphiql_page(request.url.path, root_path=request.scope.get("root_path", ""))
        try:
            if media_type is None or media_type == HTML:
                raise BadRequest(f"Accept must allow {GRAPHQL} or {JSON}.", 406)
            asked = await read_request(request, self.operations.limits.max_body_bytes)
            return await self.run(request, asked, media_type)
        except BadRequest as bad:
            error = GraphQLError(bad.message, extensions={"code": "INVALID"})
            answer = self.operations.refused([error])
            as_type = GRAPHQL if media_type == GRAPHQL else JSON
            return json_response(answer.body, as_type, bad.status, bad.headers)

    async def run(self, request: Request, asked: GraphQLRequest, media_type: MediaType) -> Response:
        """Raises `BadRequest` for an operation that this method of HTTP may not run."""
        operations = self.operations
        operation_type = "unknown"
        context: C | None = None
        try:
            document = operations.documents.prepare(asked.query)
            operation = operation_of(document, asked.operation_name)
            operation_type = operation.operation.value
            _note_operation(request, operation)
            _check_method(request, operation)
            context = await operations.context_factory(request, None)
            answer = await operations.answer(
                document, asked.variables, asked.operation_name, context
            )
            response = json_response(answer.body, media_type, _status(answer, media_type))
        except DocumentRefused as refused:
            answer = operations.refused(refused.errors)
            response = json_response(answer.body, media_type, _status(answer, media_type))
        except Denial as denial:
            answer = operations.failed(denial)
            challenge = {"WWW-Authenticate": "Bearer"} if isinstance(denial, NotSignedIn) else {}
            status = DENIAL_STATUS.get(type(denial), 403)
            response = json_response(answer.body, media_type, status, challenge)
        except BadRequest:
            raise
        except Exception as error:  # noqa: BLE001  # masked and logged by format_error
            answer = operations.failed(error, context)
            response = json_response(answer.body, media_type, 500)
        operations.observe(operation_type, answer.outcome)
        return response


def _status(answer: Answer, media_type: MediaType) -> int:
    return 200 if answer.executed or media_type == JSON else 400


def _check_method(request: Request, operation: OperationDefinitionNode) -> None:
    if operation.operation is OperationType.SUBSCRIPTION:
        raise DocumentRefused(
            [GraphQLError("Subscriptions are served over WebSocket by graphql-transport-ws.")]
        )
    if request.method == "GET" and operation.operation is OperationType.MUTATION:
        raise BadRequest("A mutation must be sent by POST.", 405, {"Allow": "POST"})


def _note_operation(request: Request, operation: OperationDefinitionNode) -> None:
    """Leave the operation's name where the request's log line finds it."""
    if operation.name is not None:
        state: dict[str, Any] = request.scope.setdefault("state", {})
        state["operation_name"] = operation.name.value[:64]
