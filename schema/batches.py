"""What a batch answers for each of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from typing import Self, TypeVar

import strawberry

from models.bounds import ROW_ERRORS, USER_ERRORS
from models.errors import Refusal, Refusals
from resolvers.batches import KEEP, BatchOutcome, OnError, RowOutcome, Unset
from resolvers.context import Context
from schema.cost.directives import sized_list
from schema.errors import UserError, user_errors

T = TypeVar("T")
strawberry.enum(OnError, description="What becomes of the sound rows when others are not.")


@strawberry.type(description="What came of one row of a batch.")
class RowResult:
    index: int
    external_code: str
    ok: bool = strawberry.field(
        description="Nothing is wrong with it; with REJECT_ALL one faulty row still rejects it."
    )
    user_errors: list[UserError] = sized_list(ROW_ERRORS, description="The first ten.")

    @classmethod
    def of(cls, row: RowOutcome, ctx: Context) -> RowResult:
        return cls(
            index=row.index,
            external_code=row.external_code,
            ok=row.ok,
            user_errors=errors_of(ROW_ERRORS.cut(row.refusals), ctx),
        )


def kept_if_unset(value: T | None) -> T | Unset | None:
    """What an input field was given, or KEEP where it was left out."""
    return KEEP if value is strawberry.UNSET else value


def errors_of(refusals: Sequence[Refusal], ctx: Context) -> list[UserError]:
    return user_errors(Refusals(list(USER_ERRORS.cut(refusals))), ctx)


def row_results(outcome: BatchOutcome, ctx: Context) -> list[RowResult]:
    return [RowResult.of(row, ctx) for row in outcome.rows]


@strawberry.type
class UpsertPayload:
    """What each mutation that adds or changes rows by their codes answers."""

    results: list[RowResult] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    user_errors: list[UserError] = field(default_factory=list)

    @classmethod
    def of(cls, outcome: BatchOutcome, ctx: Context) -> Self:
        return cls(
            results=row_results(outcome, ctx),
            created=outcome.created,
            updated=outcome.updated,
            user_errors=errors_of(outcome.refusals, ctx),
        )
