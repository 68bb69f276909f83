"""The arguments of lists that are cut, but are no connections."""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import Annotated, Any, TypeVar

import strawberry

from models.errors import InvalidInput

F = TypeVar("F", bound=Any)
_CAMEL = re.compile("_([a-z])")

SliceSize = Annotated[int, strawberry.argument(description="How many, at most 250.")]
Skip = Annotated[int, strawberry.argument(description="How many to leave out before the first.")]
AfterCode = Annotated[
    str | None,
    strawberry.argument(description="Only those that stand behind the one with this code."),
]

SoldDays = Annotated[int, strawberry.argument(description="How many days back from now, 1 to 366.")]

WHICH = strawberry.argument(description="Which of them.")
SORTED = strawberry.argument(description="In what order.")
SAME = strawberry.argument(description="As in the filter.")
First = Annotated[
    int | None, strawberry.argument(description="So many from the beginning; 20, at most 250.")
]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="So many from the end, at most 250.")]
Before = Annotated[
    str | None, strawberry.argument(description="Only what comes before this cursor.")
]


def together(arguments: F, in_filter: F | None) -> F:
    """What the arguments of a list and its filter ask for. Raises: InvalidInput for what both say."""
    given = {
        each.name: value
        for each in fields(arguments)
        if (value := getattr(arguments, each.name)) is not None
    }
    if in_filter is None or not given:
        return in_filter or arguments
    for name in given:
        if getattr(in_filter, name) is not None:
            said = _CAMEL.sub(lambda match: match[1].upper(), name).replace("statuses", "status")
            raise InvalidInput(
                "Give {name} as an argument or in the filter, not both.", path=(said,), name=said
            )
    return replace(in_filter, **given)
