"""The arguments that lists share."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Annotated, Any, TypeVar

import strawberry
from strawberry.utils.str_converters import to_camel_case

from models.errors import InvalidInput

F = TypeVar("F", bound=Any)
# Conditions whose name in the API is another.
_NAMES = {"statuses": "status", "kinds": "kind", "tier_codes": "tier_code"}

SliceSize = Annotated[int, strawberry.argument(description="How many, at most 250.")]
Skip = Annotated[int, strawberry.argument(description="How many to leave out before the first.")]
AfterCode = Annotated[
    str | None,
    strawberry.argument(description="Only those that stand behind the one with this code."),
]

SoldDays = Annotated[int, strawberry.argument(description="How many days back from now, 1 to 366.")]

WHICH = strawberry.argument(description="Which of them.")
SAME = strawberry.argument(description="As in the filter.")
SORTED = strawberry.argument(description="In what order.")
First = Annotated[
    int | None, strawberry.argument(description="So many from the beginning; 20, at most 250.")
]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="So many from the end, at most 250.")]
Before = Annotated[
    str | None, strawberry.argument(description="Only what comes before this cursor.")
]


def together(arguments: F, in_filter: F | None) -> F:
    """Return the conditions of a list's arguments and its filter.

    Raises: InvalidInput naming the argument that the filter gives, too.
    """
    given = {
        each.name: value
        for each in fields(arguments)
        if (value := getattr(arguments, each.name)) is not None
    }
    if in_filter is None or not given:
        return in_filter or arguments
    for name in given:
        if getattr(in_filter, name) is not None:
            said = to_camel_case(_NAMES.get(name, name))
            raise InvalidInput(
                "Give {name} as an argument or in the filter, not both.", path=(said,), name=said
            )
    return replace(in_filter, **given)
