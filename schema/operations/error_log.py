"""Logs what is unforeseen in an answer: one line with one traceback for each cause."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog
from graphql import GraphQLError

from models.database_faults import fault_of
from models.error_text import Cause, cause_of
from models.errors import QuintetError, Refusals
from resolvers.context import Context

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Failure:
    """The first error of one cause, and the number of cells that failed by that cause."""

    error: Exception
    path: list[str | int] | None
    cells: int = field(default=0)


def report_errors(errors: Sequence[GraphQLError], ctx: Context | None) -> None:
    """Log each cause among the errors of one answer once, but no refusals and no outages of the database."""
    failures: dict[Cause, _Failure] = {}
    causes: dict[int, Cause] = {}  # one exception often fails many cells
    for located in errors:
        error = located.original_error
        if error is None or isinstance(error, GraphQLError | QuintetError | Refusals):
            continue
        if (cause := causes.get(id(error))) is None:
            cause = causes[id(error)] = cause_of(error)
        if (failure := failures.get(cause)) is None:
            failure = failures[cause] = _Failure(error, located.path)
        failure.cells += 1
    for failure in failures.values():
        if fault_of(failure.error) is None:  # outages have a log of their own
            log.error(
                "unforeseen error",
                exc_info=failure.error,
                request_id=ctx.request_id if ctx else "-",
                path=failure.path,
                cells=failure.cells,
            )
