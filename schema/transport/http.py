"""GraphQL over HTTP.

Source: GraphQL over HTTP, working draft (https://graphql.github.io/graphql-over-http/draft/).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from graphql import GraphQLError, OperationType
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.types import Receive, Scope, Send

from models.errors import Denial, NotSignedIn, PermissionDenied, RateLimited
from schema.cost.charging import Charge
from schema.cost.purses import BudgetSpent
from schema.execution.meter import HungUp
from schema.operations.answer import Answer
from schema.operations.documents.documents import DocumentRefused, Operation
from schema.operations.documents.persisted import DocumentNotFound
from schema.operations.hooks import ContextFactory
from schema.operations.operations import Operations
from schema.operations.request import GraphQLRequest
from schema.transport.connection import address_of
from schema.transport.graphiql import graphiql_page
from schema.transport.http_caching import cacheable
from schema.transport.http_request import BadRequest, Headers, Pay, read_request
from schema.transport.http_response import (
    GRAPHQL,
    HTML,
    JSON,
    NO_STORE,
    JsonResponse,
    MediaType,
    negotiate,
    raw,
)
from schema.transport.multipart import Uploads, is_multipart, multipart_request
from schema.transport.rate_limit_headers import rate_limit
from schema.transport.retry_after import retry_after
from schema.transport.unavailable import RETRY_AFTER, is_unavailable
from schema.transport.unavailable import STATUS as UNAVAILABLE
from serving.body_room import BodyRoom

C = TypeVar("C")

# Of a whole request, when no context could be made for it. A field's denial stays in the answer.
DENIAL_STATUS = {NotSignedIn: 401, PermissionDenied: 403, RateLimited: 429}


class GraphQLOverHTTP(Generic[C]):
    """ASGI application that answers one operation a request.

    `application/graphql-response+json` has 400 for what was refused before any field ran;
    `application/json` has 200 for every well-formed request, as older clients expect.
    Anonymous queries by GET for public fields may be kept by caches for `public_seconds`. Files come by
    multipart requests where there are `uploads`.
    """

    def __init__(
        self,
        operations: Operations[C],
        *,
        graphiql: bool = True,
        public_seconds: int = 0,
        uploads: Uploads | None = None,
        bodies: BodyRoom | None = None,
    ) -> None:
        self.bodies = bodies or BodyRoom()
        self.operations = operations
        self.graphiql = graphiql
        self.public_seconds = public_seconds
        self.uploads = uploads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers: Headers = dict(scope["headers"])
        accept = headers.get(b"accept")
        accepted = negotiate(None if accept is None else accept.decode("latin-1"))
        if accepted == HTML and self.graphiql and scope["method"] == "GET":
            page = graphiql_page(scope["path"], root_path=scope.get("root_path", ""))
            await page(scope, receive, send)
            return
        exchange = Exchange(scope, receive, headers, GRAPHQL if accepted == GRAPHQL else JSON)
        try:
            if accepted is None or accepted == HTML:
                raise BadRequest(f"Accept must allow {GRAPHQL} or {JSON}.", 406)
            limit = self.operations.limits.max_body_bytes
            if self.uploads is not None and is_multipart(headers):
                response = await self.respond_to_files(exchange, Request(scope, receive))
            else:
                pay = self._pay(exchange)
                asked = await read_request(scope, receive, headers, limit, pay, self.bodies)
                response = await self.respond(exchange, asked)
        except BadRequest as bad:
            error = GraphQLError(bad.message, extensions={"code": bad.code})
            response = exchange.response(self.operations.refused([error]), bad.status, bad.headers)
        except BudgetSpent as spent:
            response = _denied(exchange, spent, self.operations.failed(spent))
        except (ClientDisconnect, HungUp):
            return
        await response.send(send, headers)

    async def respond(self, exchange: Exchange, asked: GraphQLRequest) -> JsonResponse:
        """Raises `BadRequest` for an operation that this method of HTTP may not run."""
        operations = self.operations
        operation: Operation | None = None
        who = Asker(operations.context_factory, HTTPConnection(exchange.scope))
        try:
            operation = await operations.prepare(asked, who.identify, exchange.address)
            exchange.allow(operation)
            context = await who.identify()
            charge = await operations.charge(operation, asked, context)
            answer = await operations.answer_request(operation, asked, context, exchange.hung_up)
            if charge is not None:
                charge.settle(answer.cost)
            if exchange.is_anonymous_get and self._is_public(operation, answer):
                # Without its cost, which is of this request alone.
                response = exchange.response(answer)
                response = cacheable(response, exchange.headers, self.public_seconds)
            else:
                response = exchange.response(answer, charge=charge)
        except DocumentNotFound as unknown:
            answer = operations.refused(unknown.errors)
            response = exchange.response(answer, 200)  # in any media type, as Apollo's server does
        except DocumentRefused as refused:
            answer = operations.refused(refused.errors)
            response = exchange.response(answer)
        except Denial as denial:
            answer = operations.failed(denial, who.context)
            response = _denied(exchange, denial, answer)
        except (BadRequest, HungUp):
            raise
        except Exception as error:  # noqa: BLE001  # masked by format_error, logged by report
            answer = operations.failed(error, who.context)
            # Variables that no input takes are the client's doing.
            is_request = isinstance(error, GraphQLError) and error.original_error is None
            response = exchange.response(answer, 0 if is_request else 500)
        operations.observe(operation.type.value if operation else "unknown", answer.outcome)
        return response

    async def respond_to_files(self, exchange: Exchange, request: Request) -> JsonResponse:
        """The same for an operation that brings files. Raises `BadRequest`."""
        assert self.uploads is not None  # noqa: S101 - else it would have been refused
        limit = self.operations.limits.max_body_bytes
        try:
            pay = self._pay(exchange)
            async with multipart_request(request, self.uploads, limit, pay) as asked:
                return await self.respond(exchange, asked)
        except Denial as denial:
            return _denied(exchange, denial, self.operations.failed(denial))

    def _pay(self, exchange: Exchange) -> Pay:
        return partial(self.operations.charge_body, exchange.address)

    def _is_public(self, operation: Operation, answer: Answer) -> bool:
        return answer.outcome == "ok" and self.operations.is_public(operation)


def _denied(exchange: Exchange, denial: Denial, answer: Answer) -> JsonResponse:
    headers = {"WWW-Authenticate": "Bearer"} if isinstance(denial, NotSignedIn) else {}
    kinds = [kind for kind in DENIAL_STATUS if isinstance(denial, kind)]
    response = exchange.response(answer, DENIAL_STATUS[kinds[0]] if kinds else 403, headers)
    if isinstance(denial, BudgetSpent):
        response.headers += rate_limit(denial.allowance, denial.balance.available)
    return response


class Asker(Generic[C]):
    """Who sends a request: found out once, when somebody wants to know."""

    __slots__ = ("_connection", "_make", "context")

    def __init__(self, make: ContextFactory[C], connection: HTTPConnection) -> None:
        self._make = make
        self._connection = connection
        self.context: C | None = None

    async def identify(self) -> C:
        """Raises: a Denial."""
        if self.context is None:
            self.context = await self._make(self._connection, None)
        return self.context


@dataclass(slots=True)
class Exchange:
    """One request, and the media type of its response."""

    scope: Scope
    receive: Receive
    headers: Headers
    media_type: MediaType

    async def hung_up(self) -> None:
        """Return once the client has gone. The body of its request has been read by then."""
        while (await self.receive())["type"] != "http.disconnect":
            continue

    @property
    def address(self) -> str:
        return address_of(self.scope)

    @property
    def is_anonymous_get(self) -> bool:
        return self.scope["method"] == "GET" and b"authorization" not in self.headers

    def allow(self, operation: Operation) -> None:
        """Note the operation's name where the request's log line finds it, and check its type.

        Raises: DocumentRefused, BadRequest.
        """
        if operation.node.name is not None:
            state: dict[str, Any] = self.scope.setdefault("state", {})
            state["operation_name"] = operation.node.name.value[:64]
        if operation.type is OperationType.SUBSCRIPTION:
            raise DocumentRefused(
                [GraphQLError("Subscriptions are served over WebSocket by graphql-transport-ws.")]
            )
        if self.scope["method"] == "GET" and operation.type is OperationType.MUTATION:
            raise BadRequest("A mutation must be sent by POST.", 405, {"Allow": "POST"})

    def response(
        self,
        answer: Answer,
        status: int = 0,
        headers: Mapping[str, str] | None = None,
        charge: Charge | None = None,
    ) -> JsonResponse:
        """With the status that its media type asks for, unless one is given or the database is away.

        `charge`: what the answer and its headers say of the cost.
        """
        if is_unavailable(answer.body):
            status, headers = UNAVAILABLE, {**(headers or {}), **RETRY_AFTER}
        elif seconds := retry_after(answer.body):
            headers = {**(headers or {}), "Retry-After": str(seconds)}
        if not status:
            status = 200 if answer.executed or self.media_type == JSON else 400
        more = (*NO_STORE, *raw(headers)) if headers else NO_STORE
        if charge is None:
            return JsonResponse(answer.json(), self.media_type, status, more)
        more += rate_limit(charge.caller.allowance, charge.available)
        return JsonResponse(answer.json(charge.extensions), self.media_type, status, more)
