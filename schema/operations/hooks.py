"""What `Operations` leaves to others, and what it does where they give nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, TypeVar

from graphql import GraphQLError
from starlette.requests import HTTPConnection

from schema.execution.meter import UNLIMITED, AnswerLimits
from schema.operations.answer import Answer, Outcome
from schema.operations.request import GraphQLRequest

C = TypeVar("C")

# Makes the context of one operation. Raises a `Denial` on credentials that are no good.
ContextFactory = Callable[[HTTPConnection, dict[str, str] | None], Awaitable[C]]
# Turns an error into its entry in `errors`; the context is None before there is one. Errors with
# an `original_error` are unforeseen: this is where they are masked. `Report` logs them.
FormatError = Callable[[GraphQLError, C | None], dict[str, Any]]
Observe = Callable[[str, Outcome], None]
# Logs what is unforeseen among the errors of one answer.
Report = Callable[[Sequence[GraphQLError], C | None], None]
# Returns once the client no longer waits.
HangingUp = Callable[[], Awaitable[None]]
# Finds what IDs written as kind and code name. Raises a `Refusal`, such as for too many.
NameCodes = Callable[[C, Collection[str]], Awaitable[Mapping[str, tuple[str, int]]]]
Repeat = Callable[[C, GraphQLRequest, Callable[[], Awaitable[Answer]]], Awaitable[Answer]]


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


def unshared(context: object) -> AbstractContextManager[None]:
    """Whoever asks may use everything."""
    return nullcontext()


def answer_anew(
    context: object, asked: GraphQLRequest, answer: Callable[[], Awaitable[Answer]]
) -> Awaitable[Answer]:
    """Keep nothing."""
    return answer()


async def none_named(context: object, codes: Collection[str]) -> Mapping[str, tuple[str, int]]:
    """Know no codes."""
    return {}


def unlimited(context: object) -> AnswerLimits:
    """As much as an operation comes to."""
    return UNLIMITED


def unreported(errors: Sequence[GraphQLError], context: object) -> None:
    """Log nothing."""


def unobserved(operation_type: str, outcome: Outcome) -> None:
    """Keep no account of an operation."""
