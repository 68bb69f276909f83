"""Runs GraphQL operations, the same way for HTTP and WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Awaitable, Callable
from contextlib import AbstractContextManager, aclosing, nullcontext
from functools import partial
from typing import Any, Generic, Protocol, TypeVar, cast

import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    Executor,
    GraphQLError,
    OperationType,
    create_source_event_stream,
    execute_subscription_event,
    map_source_to_response_event,
)
from graphql import execute as execute_by_graphql_core
from graphql.pyutils import AwaitableOrValue
from starlette.requests import HTTPConnection
from strawberry.execution import optimized_is_awaitable

from schema.answer import Answer, Outcome
from schema.cost.charging import Charge, Charges
from schema.documents import Documents, Operation, invalid
from schema.http_request import GraphQLRequest
from schema.limits import Limits
from schema.persisted_documents import PersistedDocuments
from schema.public import begins_public, is_public, is_repeatable

C = TypeVar("C")

DEFAULT_LIMITS = Limits()

Variables = dict[str, Any] | None
# Makes the context of one operation. Raises a `Denial` on credentials that are no good.
ContextFactory = Callable[[HTTPConnection, dict[str, str] | None], Awaitable[C]]
# Turns an error into its entry in `errors`; the context is None before there is one. Errors with
# an `original_error` are unforeseen: this is where they are masked and logged.
FormatError = Callable[[GraphQLError, C | None], dict[str, Any]]
Observe = Callable[[str, Outcome], None]
Repeat = Callable[[C, GraphQLRequest, Callable[[], Awaitable[Answer]]], Awaitable[Answer]]


class Execute(Protocol):
    """Runs a query or mutation of a valid document; never raises for what a resolver raises."""

    async def __call__(
        self,
        document: DocumentNode,
        variables: Variables,
        operation_name: str | None,
        context: Any,
        /,
    ) -> ExecutionResult: ...

    def compile(self, document: DocumentNode, operation_name: str | None, /) -> None:
        """Do beforehand what the first request for an operation would have to wait for."""


class GraphQLCoreExecutor:
    """Executes by graphql-core with Strawberry's resolver information."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = schema._schema
        self._executor_class = schema.execution_context_class

    async def __call__(
        self,
        document: DocumentNode,
        variables: Variables,
        operation_name: str | None,
        context: Any,
    ) -> ExecutionResult:
        result = execute_by_graphql_core(
            self._schema,
            document,
            context_value=context,
            variable_values=variables,
            operation_name=operation_name,
            executor_class=self._executor_class,
            is_awaitable=cast("Any", optimized_is_awaitable),
        )
        return result if isinstance(result, ExecutionResult) else await result

    def compile(self, document: DocumentNode, operation_name: str | None) -> None:
        """Nothing: every field is looked up as it is executed."""


def same_context(context: C) -> C:
    return context


def unconfirmed(begun: object, now: object) -> None:
    """Rights never change."""


def unwatched(context: object) -> AbstractContextManager[asyncio.Event]:
    """Rights never change."""
    return nullcontext(asyncio.Event())


def no_extensions(context: object) -> None:
    """Events carry no extensions."""


def as_it_is(context: object, begins_public: bool) -> AbstractContextManager[None]:
    """Read everything where it is written."""
    return nullcontext()


def answer_anew(
    context: object, asked: GraphQLRequest, answer: Callable[[], Awaitable[Answer]]
) -> Awaitable[Answer]:
    """Keep nothing."""
    return answer()


def unobserved(operation_type: str, outcome: Outcome) -> None:
    """Keep no account of an operation."""


class Operations(Generic[C]):
    """One schema with all that is needed to answer its operations.

    `execute` may be replaced by a faster executor of the same answers. `event_context` makes the
    context in which one event of a subscription is resolved out of the subscription's own, so
    that no loader remembers values of an earlier event; `event_extensions` reads off the
    subscription's own context what its resolver left there for the event it has just yielded.
    `confirm` takes the context that a subscription began with and one made anew from the same
    credentials, and raises a `Denial` when it may not go on; the event of `watch` says that they may have
    changed. `observe` hears of every operation;
    `persisted` finds documents that a request only names. Within `read` a query runs; its second argument
    is whether the query begins with public fields. `repeat` may keep answers to repeatable queries. `charges`
    prices operations and says who may not pay for them.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        context_factory: ContextFactory[C],
        format_error: FormatError[C],
        *,
        limits: Limits = DEFAULT_LIMITS,
        execute: Execute | None = None,
        event_context: Callable[[C], C] = same_context,
        event_extensions: Callable[[C], dict[str, Any] | None] = no_extensions,
        confirm: Callable[[C, C], None] = unconfirmed,
        watch: Callable[[C], AbstractContextManager[asyncio.Event]] = unwatched,
        observe: Observe = unobserved,
        persisted: PersistedDocuments | None = None,
        read: Callable[[C, bool], AbstractContextManager[None]] = as_it_is,
        repeat: Repeat[C] = answer_anew,
        charges: Charges[C] | None = None,
    ) -> None:
        if schema.extensions or schema.directives:
            raise ValueError("Schema extensions and operation directives would not be run here.")
        self.schema = schema
        self.context_factory = context_factory
        self.format_error = format_error
        self.limits = limits
        self.execute = execute or GraphQLCoreExecutor(schema)
        self.event_context = event_context
        self.event_extensions = event_extensions
        self.confirm = confirm
        self.watch = watch
        self.observe = observe
        self.read = read
        self.repeat = repeat
        self.charges = charges
        self.documents = Documents(schema, limits)
        self.persisted = persisted or PersistedDocuments()

    async def prepare(self, asked: GraphQLRequest, address: str = "") -> Operation:
        """Find, parse and validate what a request asks for; its `query` is filled in where it was named.

        The client at `address` is charged for a document that is not known yet.
        Raises: DocumentRefused, BudgetSpent.
        """
        text = asked.query
        if text is None or asked.extensions or self.persisted.trusted_only:
            text = asked.query = await self.persisted.text_of(asked)
        if self.charges is not None and not self.documents.knows(text):
            await self.charges.begin_document(text, address)
        operation = self.documents.prepare(text).operation(asked.operation_name)
        if asked.extensions:
            await self.persisted.keep(asked)
        return operation

    async def charge(self, operation: Operation, variables: Variables, context: C) -> Charge | None:
        """Charge an operation to its caller. Raises: CostExceeded, BudgetSpent."""
        if self.charges is None:
            return None
        return await self.charges.begin(self.schema._schema, operation, variables, context)

    def is_public(self, operation: Operation) -> bool:
        """Whether any cache may keep what an anonymous caller is answered."""
        if operation.is_public is None:
            core = self.schema._schema
            operation.is_public = is_public(core, operation.document, operation.node)
        return operation.is_public

    def reading(self, operation: Operation, context: C) -> AbstractContextManager[None]:
        """How an operation's answer may be read: see `read`."""
        if operation.type is not OperationType.QUERY:
            return nullcontext()
        if operation.begins_public is None:
            core = self.schema._schema
            operation.begins_public = begins_public(core, operation.document, operation.node)
        return self.read(context, operation.begins_public)

    async def answer_request(
        self, operation: Operation, asked: GraphQLRequest, context: C
    ) -> Answer:
        """Run a query or mutation that came by itself, or give what was kept of the same query."""
        if operation.is_repeatable is None:
            core = self.schema._schema
            operation.is_repeatable = is_repeatable(core, operation.document, operation.node)
        answer = partial(
            self.answer, operation.document, asked.variables, asked.operation_name, context
        )
        with self.reading(operation, context):
            return await (
                self.repeat(context, asked, answer) if operation.is_repeatable else answer()
            )

    async def answer(
        self,
        document: DocumentNode,
        variables: Variables,
        operation_name: str | None,
        context: C,
    ) -> Answer:
        """Run a query or mutation."""
        result = await self.execute(document, variables, operation_name, context)
        return self.answer_of(result, context)

    async def answers(
        self,
        document: DocumentNode,
        variables: Variables,
        operation_name: str | None,
        context: C,
    ) -> AsyncGenerator[Answer, None]:
        """Run a subscription: one answer an event.

        The resolver is asked for the next event only after this one is resolved and sent, so
        what `event_extensions` reads always belongs to the event in hand.
        """
        executor = self.schema.execution_context_class.build(
            self.schema._schema, document, None, context, variables, operation_name
        )
        if isinstance(executor, list):
            yield self.refused([invalid(error) for error in executor], context)
            return
        stream = create_source_event_stream(executor)
        if not isinstance(stream, ExecutionResult | AsyncIterable):
            stream = await stream
        if isinstance(stream, ExecutionResult):
            yield self.refused(stream.errors or [], context)
            return
        events = map_source_to_response_event(executor, stream, self._resolve_event)
        async with aclosing(events) as results:
            async for result in results:
                result.extensions = self.event_extensions(context)
                yield self.answer_of(result, context)

    def _resolve_event(self, executor: Executor[Any]) -> AwaitableOrValue[ExecutionResult]:
        executor.context_value = self.event_context(executor.context_value)
        return execute_subscription_event(executor)

    def answer_of(self, result: ExecutionResult, context: C) -> Answer:
        """An execution's result; without data and path, it went wrong before any field ran."""
        errors = result.errors or []
        if result.data is None and not any(error.path for error in errors):
            return self.refused([invalid(error) for error in errors], context)
        body: dict[str, Any] = {"data": result.data}
        if errors:
            body["errors"] = [self.format_error(error, context) for error in errors]
        if result.extensions:
            body["extensions"] = result.extensions
        return Answer(body, executed=True)

    def refused(self, errors: list[GraphQLError], context: C | None = None) -> Answer:
        body = {"errors": [self.format_error(error, context) for error in errors]}
        return Answer(body, executed=False)

    def failed(self, error: Exception, context: C | None = None) -> Answer:
        """What was raised outside any field, given to `format_error` as a field's would be."""
        if not isinstance(error, GraphQLError):
            error = GraphQLError(str(error), original_error=error)
        return self.refused([error], context)
