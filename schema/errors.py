"""The one place that turns refusals into `userErrors`, and everything unforeseen into INTERNAL."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from enum import StrEnum
from inspect import getdoc
from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from graphql import GraphQLError

from models.bounds import PATH_STEPS, STATES, USER_ERRORS
from models.errors import Forbidden, InsufficientStock, QuintetError, RateLimited, Refusal, Refusals
from models.errors import InvalidInput as InvalidInputRefusal
from models.errors import NotFound as NotFoundRefusal
from models.errors import QuoteChanged as QuoteChangedRefusal
from models.errors import StateConflict as StateConflictRefusal
from resolvers.context import Context
from schema.batching import batched
from schema.cost.directives import sized_list
from schema.messages import translate
from schema.nulls import refuse_nulls
from schema.transport.unavailable import unavailable

if TYPE_CHECKING:
    from schema.catalog.types import Variant


@strawberry.enum
class ErrorCode(StrEnum):
    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    STATE_CONFLICT = "STATE_CONFLICT"
    STALE_VERSION = "STALE_VERSION"
    DUPLICATE = "DUPLICATE"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    EXPIRED = "EXPIRED"
    INSUFFICIENT_STOCK = "INSUFFICIENT_STOCK"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    PAYMENT_FAILED = "PAYMENT_FAILED"
    INSUFFICIENT_BALANCE = "INSUFFICIENT_BALANCE"
    REFERRAL_CYCLE = "REFERRAL_CYCLE"
    REFERRAL_LOCKED = "REFERRAL_LOCKED"
    OUT_OF_RANGE = "OUT_OF_RANGE"
    QUOTE_CHANGED = "QUOTE_CHANGED"
    SECOND_FACTOR_REQUIRED = "SECOND_FACTOR_REQUIRED"
    CONFIRMATION_REQUIRED = "CONFIRMATION_REQUIRED"
    CHALLENGE_REQUIRED = "CHALLENGE_REQUIRED"
    UNAVAILABLE = "UNAVAILABLE"


@strawberry.interface(
    description="Why something was not done. `path` leads to the input field at fault."
)
class UserError:
    code: ErrorCode
    message: str
    path: list[str] | None = sized_list(PATH_STEPS)


@strawberry.type
class InvalidInput(UserError):
    pass


@strawberry.type
class NotFound(UserError):
    pass


@strawberry.type(description="A refusal that needs no more than its code.")
class PlainError(UserError):
    pass


@strawberry.type(
    description="The thing is not in a state for this; `allowed` says what it is ready for."
)
class StateConflict(UserError):
    state: str
    allowed: list[str] = sized_list(STATES)


@strawberry.type(name="InsufficientStock")
class InsufficientStockError(UserError):
    requested: int
    available: int
    variant_id: strawberry.Private[int]

    @batched
    @staticmethod
    async def variant(
        parents: list[Any], ctx: Context
    ) -> list[Annotated[Variant, strawberry.lazy("schema.catalog.types")]]:
        """The variant that is short, which the caller has named."""
        from resolvers.catalog.products import variants
        from schema.catalog.types import Variant

        found = await variants.by_ids(ctx, [parent.variant_id for parent in parents])
        rows = [found.get(parent.variant_id) for parent in parents]
        # A variant that is not there is the error of its own parent: the others keep theirs.
        missing: Any = NotFoundRefusal("There is no such variant.")
        return [missing if row is None else Variant.of(row) for row in rows]


ERROR_TYPES = [InvalidInput, NotFound, PlainError, StateConflict, InsufficientStockError]


def user_errors(error: Refusal | Refusals, ctx: Context) -> list[UserError]:
    refusals = error.refusals if isinstance(error, Refusals) else [error]
    return [_user_error(refusal, ctx) for refusal in USER_ERRORS.cut(refusals)]


def refusing(payload: Callable[..., Any]) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """A mutation that answers `payload(user_errors=[…])`, all else empty, when it is refused."""

    def decorate(mutation: Callable[..., Awaitable[Any]]) -> Any:
        @functools.wraps(mutation)
        async def answer(self: Any, info: strawberry.Info, **arguments: Any) -> Any:
            try:
                refuse_nulls(arguments.get("input"))
                return await mutation(self, info, **arguments)
            except (Refusal, Refusals) as error:
                return payload(user_errors=user_errors(error, info.context))

        return strawberry.mutation(answer, description=getdoc(mutation))

    return decorate


def format_error(error: GraphQLError, ctx: Context | None) -> dict[str, Any]:
    """Return a top-level error as the client sees it: its code in `extensions`, nothing internal in it.

    `schema.operations.error_log` logs what is unforeseen, once for each answer.
    """
    language = ctx.language if ctx else "en"
    formatted: dict[str, Any] = dict(error.formatted)
    extensions = dict(formatted.get("extensions") or {})
    cause = error.original_error
    cause = unavailable(cause) or cause
    if isinstance(cause, QuintetError):
        formatted["message"] = translate(cause, language)
        extensions["code"] = cause.code
        if isinstance(cause, RateLimited) and cause.retry_after_seconds is not None:
            extensions["retryAfterSeconds"] = cause.retry_after_seconds
        elif isinstance(cause, Forbidden | Refusal) and cause.path:
            extensions["inputPath"] = [str(step) for step in cause.path]
    elif isinstance(cause, Refusals):
        formatted["message"] = "; ".join(translate(each, language) for each in cause.refusals)
        extensions["code"] = cause.refusals[0].code
    elif cause is None or isinstance(cause, GraphQLError):
        extensions.setdefault("code", "INVALID")
    else:
        request_id = ctx.request_id if ctx else "-"
        formatted["message"] = "Something went wrong on our side."
        extensions = {"code": "INTERNAL", "requestId": request_id}
    formatted["extensions"] = extensions
    return formatted


def _user_error(refusal: Refusal, ctx: Context) -> UserError:
    common: dict[str, Any] = {
        "code": ErrorCode(refusal.code),
        "message": translate(refusal, ctx.language),
        "path": [str(step) for step in PATH_STEPS.cut(refusal.path)] or None,
    }
    match refusal:
        case InsufficientStock():
            return InsufficientStockError(
                **common,
                requested=refusal.requested,
                available=refusal.available,
                variant_id=refusal.variant_id,
            )
        case QuoteChangedRefusal():
            from schema.orders.checkout.quote_changed import QuoteChanged

            return QuoteChanged.from_refusal(refusal, ctx, common)
        case StateConflictRefusal():
            return StateConflict(
                **common, state=refusal.state, allowed=list(STATES.cut(refusal.allowed))
            )
        case NotFoundRefusal():
            return NotFound(**common)
        case InvalidInputRefusal():
            return InvalidInput(**common)
    return PlainError(**common)
