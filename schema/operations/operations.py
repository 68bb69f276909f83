"""Runs GraphQL operations, the same way for HTTP and WebSocket."""

from __future__ import annotations

import asyncio
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Callable,
    Collection,
    Mapping,
)
from contextlib import AbstractContextManager, aclosing, nullcontext
from functools import partial
from typing import Any, TypeVar

import strawberry
from graphql import (
    ExecutionResult,
    OperationType,
    create_source_event_stream,
    execute_subscription_event,
    map_source_to_response_event,
)

from resolvers.node_codes import NodeKey
from schema.cost.charging import FREE_BYTES, Charge, Charges
from schema.cost.prices import OPERATION
from schema.cost.pricing import Pricing
from schema.execution.core import GraphQLCoreExecutor, metered
from schema.execution.execute import Execute
from schema.execution.meter import AnswerLimits, Meter
from schema.execution.variables import Variables
from schema.nodes.code_lookup import look_up
from schema.operations import hooks
from schema.operations.answer import Answer
from schema.operations.answering import Answering
from schema.operations.cacheable_fields import begins_public, is_public, is_repeatable
from schema.operations.documents.documents import DocumentRefused, Documents, Operation, invalid
from schema.operations.documents.limits import Limits
from schema.operations.documents.persisted import PersistedDocuments
from schema.operations.fair_scheduling import Turns
from schema.operations.request import GraphQLRequest
from schema.operations.supervision import Supervisor

C = TypeVar("C")

DEFAULT_LIMITS = Limits()


class Operations(Answering[C]):
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
    prices operations and says who may not pay for them. `answer_limits` is how much an operation may come to
    while it runs, `report` hears of the errors of each answer. `name_codes` looks up IDs that are written as
    kind and code, before the operation runs. Within `share` it reads no more at once than its caller may.
    """

    def __init__(
        self,
        schema: strawberry.Schema,
        context_factory: hooks.ContextFactory[C],
        format_error: hooks.FormatError[C],
        *,
        limits: Limits = DEFAULT_LIMITS,
        execute: Execute | None = None,
        event_context: Callable[[C], C] = hooks.same_context,
        event_extensions: Callable[[C], dict[str, Any] | None] = hooks.no_extensions,
        confirm: Callable[[C, C], None] = hooks.unconfirmed,
        watch: Callable[[C], AbstractContextManager[asyncio.Event]] = hooks.unwatched,
        observe: hooks.Observe = hooks.unobserved,
        persisted: PersistedDocuments | None = None,
        read: Callable[[C, bool], AbstractContextManager[None]] = hooks.as_it_is,
        repeat: hooks.Repeat[C] = hooks.answer_anew,
        charges: Charges[C] | None = None,
        answer_limits: Callable[[C], AnswerLimits] = hooks.unlimited,
        report: hooks.Report[C] = hooks.unreported,
        name_codes: hooks.NameCodes[C] = hooks.none_named,
        share: Callable[[C], AbstractContextManager[None]] = hooks.unshared,
    ) -> None:
        if schema.extensions or schema.directives:
            raise ValueError("Schema extensions and operation directives would not be run here.")
        super().__init__(format_error, report)
        self.schema = schema
        self.context_factory = context_factory
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
        self.answer_limits = answer_limits
        self.name_codes = name_codes
        self.share = share
        self.supervisor = Supervisor()
        self.turns = Turns()
        self.documents = Documents(schema, limits)
        self.persisted = persisted or PersistedDocuments()

    async def prepare(
        self, asked: GraphQLRequest, identify: Callable[[], Awaitable[C]], address: str
    ) -> Operation:
        """Find, parse and validate what a request asks for; its `query` is filled in where it was named.

        Whoever asks is charged for a document that is not known yet, so that `identify` is called first.
        Raises: DocumentRefused, BudgetSpent, a Denial.
        """
        await self.turns.begin()
        text = asked.query
        if text is None or asked.extensions or self.persisted.trusted_only:
            text = asked.query = await self.persisted.text_of(asked)
        self.documents.check_length(text)
        if self.charges is not None and not self.documents.knows(text):
            await self.charges.begin_document(text, await identify())
        operation = self.documents.prepare(text).operation(asked.operation_name)
        if asked.extensions:
            await self.persisted.keep(asked, address)
        return operation

    async def charge_body(self, address: str, size: int) -> None:
        """Charge the reading of a large message to the address that it comes from. Raises: BudgetSpent."""
        if size > FREE_BYTES and self.charges is not None:
            await self.charges.begin_body(size, address)

    async def charge(
        self, operation: Operation, asked: GraphQLRequest, context: C
    ) -> Charge | None:
        """Check what its variables hold, and charge an operation to its caller.

        Raises: DocumentRefused, CostExceeded, BudgetSpent.
        """
        if operation.pricing is None:
            core = self.schema._schema
            operation.pricing = Pricing(core, operation.document, operation.node)
        key = asked.variables_json if self.is_repeatable(operation) else None
        try:
            price = await operation.pricing.price(asked.variables, key)
        except DocumentRefused:
            if self.charges is not None:
                await self.charges.begin_refused(context)
            raise
        return None if self.charges is None else await self.charges.begin(price, context)

    def is_repeatable(self, operation: Operation) -> bool:
        """Whether this process may keep what it answers, while nothing is written."""
        if operation.is_repeatable is None:
            core = self.schema._schema
            operation.is_repeatable = is_repeatable(core, operation.document, operation.node)
        return operation.is_repeatable

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
        self,
        operation: Operation,
        asked: GraphQLRequest,
        context: C,
        hung_up: hooks.HangingUp | None = None,
    ) -> Answer:
        """Run a query or mutation that came by itself, or give what was kept of the same query.

        Raises: HungUp from a query for which nobody waits any more.
        """
        answer = partial(
            self.answer, operation, asked.variables, asked.operation_name, context, hung_up
        )
        with self.reading(operation, context):
            kept = self.is_repeatable(operation)
            return await (self.repeat(context, asked, answer) if kept else answer())

    async def answer(
        self,
        operation: Operation,
        variables: Variables,
        operation_name: str | None,
        context: C,
        hung_up: hooks.HangingUp | None = None,
    ) -> Answer:
        """Run a query, or a mutation to its end: whoever waits for that may hang up or be cancelled.

        Raises: HungUp.
        """
        changes = operation.type is OperationType.MUTATION
        meter = Meter(self.answer_limits(context), None if changes else hung_up, self.turns)
        run = self._run(operation, variables, operation_name, context, meter)
        answer = await (self.supervisor.to_its_end(run) if changes else run)
        await self.turns.resume()  # one transaction may end for many at once
        return answer

    async def finish(self) -> None:
        """Wait for mutations whose clients have gone."""
        await self.supervisor.finish()

    async def _run(
        self,
        operation: Operation,
        variables: Variables,
        operation_name: str | None,
        context: C,
        meter: Meter,
    ) -> Answer:
        """Run an operation. Past a limit of its meter there is one error and no data. Raises: HungUp."""
        await self.turns.begin()
        changes = operation.type is OperationType.MUTATION
        with self.share(context):
            if refusal := await look_up(self.schema, operation, variables, self._find, context):
                return self.failed(refusal, context)
            work = self.execute(operation.document, variables, operation_name, context, meter)
            result = await self.supervisor.run(work, meter, clock=not changes)
        # Of a mutation the inputs were paid for, which the meter does not see.
        cost = None if changes else OPERATION + meter.cost
        return self.answer_of(result, context, meter.unreported, cost)

    async def _find(self, context: C, codes: Collection[str]) -> Mapping[str, NodeKey]:
        """What is named by these codes, once that is paid for. Raises: BudgetSpent, another Refusal."""
        if self.charges is not None:
            await self.charges.begin_codes(codes, context)
        return await self.name_codes(context, codes)

    async def answers(
        self,
        operation: Operation,
        variables: Variables,
        operation_name: str | None,
        context: C,
        charge: Charge | None = None,
    ) -> AsyncGenerator[Answer, None]:
        """Run a subscription: one answer an event, each charged what it came to. Raises: BudgetSpent.

        The resolver is asked for the next event only after this one is resolved, paid for and sent, so
        what `event_extensions` reads always belongs to the event in hand.
        """
        if refusal := await look_up(self.schema, operation, variables, self._find, context):
            yield self.failed(refusal, context)
            return
        executor = metered(self.schema.execution_context_class).build(
            self.schema._schema, operation.document, None, context, variables, operation_name
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
        resolve = partial(self._resolve_event, charge)
        events = map_source_to_response_event(executor, stream, resolve)
        async with aclosing(events) as results:
            async for result in results:
                result.extensions = self.event_extensions(context)
                yield self.answer_of(result, context)

    async def _resolve_event(self, charge: Charge | None, executor: Any) -> ExecutionResult:
        """The answer to one event, which is limited as a query is, and charged as one."""
        context = executor.context_value = self.event_context(executor.context_value)
        await self.turns.begin()
        meter = executor.meter = Meter(self.answer_limits(context), turns=self.turns)
        with self.share(context):
            result = await self.supervisor.run(_event_of(executor), meter, clock=True)
        if charge is not None:
            await charge.settle_event(OPERATION + meter.cost)
        return result


async def _event_of(executor: Any) -> ExecutionResult:
    result = execute_subscription_event(executor)
    return result if isinstance(result, ExecutionResult) else await result
