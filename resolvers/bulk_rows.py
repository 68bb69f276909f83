"""Batches of rows that an ERP sends: every fault of every row is named; then all, some or none is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Any, ParamSpec, TypeVar, cast

from models.accounts.organisations import Organisation
from models.database import fetch, is_postgres, transaction
from models.errors import Duplicate, QuintetError, Refusal

P = ParamSpec("P")
T = TypeVar("T")


class OnError(StrEnum):
    REJECT_ALL = "REJECT_ALL"
    SKIP_FAILED = "SKIP_FAILED"


class Unset(Enum):
    """What an optional field is when it was left out; None empties it."""

    KEEP = "KEEP"


KEEP = Unset.KEEP


class RowWarning(QuintetError):
    """What is done, and a person should know; `path` leads to the field, as that of a refusal does."""

    code = "WARNING"

    def __init__(self, template: str, *, path: Sequence[str | int], **parts: object) -> None:
        super().__init__(template, **parts)
        self.path = tuple(path)


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """What came of one row; it is sound when nothing is wrong with it. One with refusals has no warnings."""

    index: int
    external_code: str
    refusals: Sequence[Refusal] = ()
    warnings: Sequence[RowWarning] = ()

    @property
    def ok(self) -> bool:
        return not self.refusals


@dataclass(frozen=True, slots=True)
class BatchOutcome:
    """What came of all rows. `rejected`: nothing was done, because of the rows that are not sound."""

    rows: Sequence[RowOutcome]
    created: int = 0
    updated: int = 0
    rejected: bool = False

    @property
    def refusals(self) -> list[Refusal]:
        """Why the batch was rejected; rows that were to be skipped are no refusal of the batch."""
        return [each for row in self.rows for each in row.refusals] if self.rejected else []


@dataclass(slots=True)
class Faults:
    """Collects what is wrong with one row, and what to warn of; `path` leads to the row."""

    path: tuple[str | int, ...]
    found: list[Refusal] = field(default_factory=list)
    warnings: list[RowWarning] = field(default_factory=list)

    def check(self, checker: Callable[P, T], *arguments: P.args, **options: P.kwargs) -> T:
        """The checked value; after a fault something that nobody will use, as the row has failed."""
        try:
            return checker(*arguments, **options)
        except Refusal as refusal:
            self.add(refusal)
            return cast(T, None)

    def add(self, refusal: Refusal) -> None:
        self.found.append(refusal.below(*self.path))

    def warn(self, template: str, *path: str | int) -> None:
        self.warnings.append(RowWarning(template, path=(*self.path, *path)))

    def outcome(self, index: int, external_code: str) -> RowOutcome:
        """What came of the row, by its external code."""
        warnings = () if self.found else tuple(self.warnings)
        return RowOutcome(index, external_code, tuple(self.found), warnings)

    def __bool__(self) -> bool:
        return bool(self.found)


def refuse_duplicates(
    claims: Sequence[tuple[str | None, Faults, tuple[str | int, ...]]], template: str
) -> None:
    """Of equal values in a batch the first of a sound row stands; each other one is a fault at its path."""
    seen: set[str] = set()
    for value, faults, path in sorted(claims, key=lambda claim: bool(claim[1])):
        if value in seen:
            faults.add(Duplicate(template, path=path, code=value))
        if value is not None:
            seen.add(value)


def may_apply(on_error: OnError, rows: Sequence[Faults]) -> bool:
    """Whether the sound rows may be saved."""
    return on_error is OnError.SKIP_FAILED or not any(rows)


def outcomes_of(rows: Iterable[tuple[str, Faults]]) -> list[RowOutcome]:
    """What came of each row, by its external code."""
    return [row.outcome(index, code) for index, (code, row) in enumerate(rows)]


async def lock_node(organisation_id: int | None) -> Organisation | None:
    """The node, held until the transaction ends; rows that refer to it may still come and go."""
    if is_postgres():
        await fetch("SELECT id FROM organisation WHERE id = ? FOR NO KEY UPDATE", organisation_id)
    return await Organisation.filter(id=organisation_id).first()


async def run_batch(
    work: Callable[..., Awaitable[BatchOutcome]], *arguments: Any, dry_run: bool
) -> BatchOutcome:
    """Run the work in one transaction; a dry run does everything and then rolls it back."""
    if not dry_run:
        return await transaction(work, *arguments)
    try:
        await transaction(_rehearse, work, *arguments)
    except _Rehearsed as rehearsed:
        return rehearsed.outcome
    raise AssertionError("a rehearsal never commits")


class _Rehearsed(Exception):
    def __init__(self, outcome: BatchOutcome) -> None:
        super().__init__("rolled back")
        self.outcome = outcome


async def _rehearse(work: Callable[..., Awaitable[BatchOutcome]], *arguments: Any) -> None:
    raise _Rehearsed(await work(*arguments))
