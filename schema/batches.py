"""What a batch answers for each of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, TypeVar

import strawberry

from models.bounds import PATH_STEPS, ROW_ERRORS, USER_ERRORS
from models.errors import Refusal, Refusals
from resolvers import node_codes
from resolvers.bulk_rows import KEEP, BatchOutcome, OnError, RowOutcome, Unset
from resolvers.bulk_rows import RowWarning as Warned
from resolvers.context import Context
from schema.batching import batched
from schema.cost.directives import sized_list
from schema.errors import UserError, user_errors
from schema.messages import translate
from schema.nodes.nodes import global_id

T = TypeVar("T")
strawberry.enum(OnError, description="What becomes of the sound rows when others are not.")


@strawberry.type(description="What is done, and a person should know.")
class RowWarning:
    message: str = strawberry.field(description="What people read.")
    path: list[str] = sized_list(
        PATH_STEPS, description="The field of the input that it speaks of."
    )

    @classmethod
    def of(cls, warning: Warned, ctx: Context) -> RowWarning:
        path = [str(step) for step in PATH_STEPS.cut(warning.path)]
        return cls(message=translate(warning, ctx.language), path=path)


@strawberry.type(description="What came of one row of a batch.")
class RowResult:
    index: int
    external_code: str
    ok: bool = strawberry.field(
        description="Nothing is wrong with it; with REJECT_ALL one faulty row still rejects it."
    )
    user_errors: list[UserError] = sized_list(ROW_ERRORS, description="The first ten.")
    warnings: list[RowWarning] = sized_list(
        ROW_ERRORS, description="What to know of a sound row, such as a price of 0: the first ten."
    )
    named: strawberry.Private[Sequence[str]] = ()

    @batched
    @staticmethod
    async def node_id(parents: list[RowResult], ctx: Context) -> list[strawberry.ID | None]:
        """The ID of what the row names, of stock or a price its variant; null while it is not written."""
        wanted = {text for each in parents for text in each.named}
        found = await node_codes.find_exactly(ctx, wanted)
        return [
            next((global_id(*found[text]) for text in each.named if text in found), None)
            for each in parents
        ]

    @classmethod
    def of(cls, row: RowOutcome, ctx: Context, named: Sequence[str]) -> RowResult:
        """`named`: IDs by kind and code, one of which is the row's."""
        return cls(
            index=row.index,
            external_code=row.external_code,
            ok=row.ok,
            user_errors=errors_of(ROW_ERRORS.cut(row.refusals), ctx),
            warnings=[RowWarning.of(each, ctx) for each in ROW_ERRORS.cut(row.warnings)],
            named=named if row.ok else (),
        )


def kept_if_unset(value: T | None) -> T | Unset | None:
    """What an input field was given, or KEEP where it was left out."""
    return KEEP if value is strawberry.UNSET else value


def errors_of(refusals: Sequence[Refusal], ctx: Context) -> list[UserError]:
    return user_errors(Refusals(list(USER_ERRORS.cut(refusals))), ctx)


def row_results(
    outcome: BatchOutcome, ctx: Context, named: Sequence[Sequence[str]]
) -> list[RowResult]:
    """`named`: what each row names, as IDs by kind and code."""
    return [RowResult.of(row, ctx, named[row.index]) for row in outcome.rows]


def variants_of(rows: Sequence[Any]) -> list[list[str]]:
    """What rows with an SKU name; a row without one names nothing."""
    return [[f"sku:{row.sku}"] if row.sku else [] for row in rows]


@strawberry.type
class UpsertPayload:
    """What each mutation that adds or changes rows by their codes answers."""

    results: list[RowResult] = strawberry.field(
        default_factory=list, description="What came of each row, in their order."
    )
    created: int = strawberry.field(default=0, description="How many rows were new.")
    updated: int = strawberry.field(
        default=0, description="How many rows changed something that was there."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="Why nothing was done; empty where anything was."
    )

    @classmethod
    def of(cls, outcome: BatchOutcome, ctx: Context, *kinds: str) -> Self:
        """`kinds`: what a row's external code may be the code of."""
        named = [[f"{kind}:{row.external_code}" for kind in kinds] for row in outcome.rows]
        return cls.naming(outcome, ctx, named)

    @classmethod
    def naming(cls, outcome: BatchOutcome, ctx: Context, named: Sequence[Sequence[str]]) -> Self:
        """`named`: what each row names, as IDs by kind and code."""
        return cls(
            results=row_results(outcome, ctx, named),
            created=outcome.created,
            updated=outcome.updated,
            user_errors=errors_of(outcome.refusals, ctx),
        )


@strawberry.type(description="What came of each row of a batch, and how many rows were written.")
class BatchPayload(UpsertPayload):
    pass
