"""Which errors an answer reports, and in which order.

Columns find errors level by level. The answer has them in the order in which a walk through it,
field by field, would meet them; whatever that walk would not reach, because an error before it has
nulled its surroundings, is left out. So the errors do not depend on what was faster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLError, is_non_null_type
from graphql.pyutils import Path

from schema.execution.execution import Failure
from schema.execution.selection import Selection

Position = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Standing:
    """`rank`: the position in numbers that sort; `nulled`: what the error turns into null."""

    rank: tuple[int, ...]
    nulled: Position


def reported(failures: Sequence[Failure], root: Selection) -> list[GraphQLError]:
    standing = [(_standing(failure.path, root), failure.error) for failure in failures]
    standing.sort(key=lambda each: each[0].rank)
    errors: list[GraphQLError] = []
    nulled: set[Position] = set()
    for each, error in standing:
        if not any(each.nulled[:length] in nulled for length in range(len(each.nulled) + 1)):
            nulled.add(each.nulled)
            errors.append(error)
    return errors


def _standing(path: Path, root: Selection) -> _Standing:
    """Walk down the plan along the path, as far as to the last thing that may be null."""
    rank: list[int] = []
    nullable_length = 0
    selections: Mapping[str, Selection] = {root.type_.name: root}
    type_: Any = None
    for length, step in enumerate(_steps(path), 1):
        if isinstance(step.key, int):
            type_ = type_.of_type
            rank.append(step.key)
        else:
            fields = selections[step.typename or ""].fields
            number = [field.site.key for field in fields].index(step.key)
            type_, selections = fields[number].site.definition.type, fields[number].selections
            rank.append(number)
        if is_non_null_type(type_):
            type_ = type_.of_type
        else:
            nullable_length = length
    return _Standing(tuple(rank), tuple(path.as_list()[:nullable_length]))


def _steps(path: Path) -> list[Path]:
    steps: list[Path] = []
    step: Path | None = path
    while step:
        steps.append(step)
        step = step.prev
    return steps[::-1]
