"""How what came of an operation becomes its answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from graphql import ExecutionResult, GraphQLError

from models.errors import OperationStopped
from schema.messages import cut
from schema.operations import hooks
from schema.operations.answer import Answer
from schema.operations.documents.documents import invalid

C = TypeVar("C")

MOST_ERRORS = 100  # in one answer


class Answering(Generic[C]):
    """`format_error` says how an error is shown, `report` hears of all the errors of an answer."""

    def __init__(self, format_error: hooks.FormatError[C], report: hooks.Report[C]) -> None:
        self.format_error = format_error
        self.report = report

    def errors_of(
        self, errors: Sequence[GraphQLError], context: C | None, more: int = 0
    ) -> list[dict[str, Any]]:
        """The first errors as they are shown, and how many there are besides; `more` are not among them."""
        self.report(errors, context)
        shown = [self.format_error(error, context) for error in errors[:MOST_ERRORS]]
        for each in shown:
            each["message"] = cut(each["message"])
        if more := more + len(errors) - len(shown):
            message = f"{more} more errors are not shown."
            shown.append({"message": message, "extensions": {"code": "MORE_ERRORS", "count": more}})
        return shown

    def answer_of(
        self,
        result: ExecutionResult,
        context: C,
        more_errors: int = 0,
        cost: int | None = None,
    ) -> Answer:
        """An execution's result; without data and path, it went wrong before any field ran or was stopped."""
        errors = result.errors or []
        if result.data is None and not any(map(_while_it_ran, errors)):
            return self.refused([invalid(error) for error in errors], context)
        body: dict[str, Any] = {"data": result.data}
        if errors:
            body["errors"] = self.errors_of(errors, context, more_errors)
        if result.extensions:
            body["extensions"] = result.extensions
        return Answer(body, executed=True, cost=cost)

    def refused(self, errors: list[GraphQLError], context: C | None = None) -> Answer:
        return Answer({"errors": self.errors_of(errors, context)}, executed=False)

    def failed(self, error: Exception, context: C | None = None) -> Answer:
        """What was raised outside any field, given to `format_error` as a field's would be."""
        if not isinstance(error, GraphQLError):
            error = GraphQLError(str(error), original_error=error)
        return self.refused([error], context)


def _while_it_ran(error: GraphQLError) -> bool:
    return bool(error.path) or isinstance(error.original_error, OperationStopped)
