"""The arguments of lists that are cut, but are no connections."""

from __future__ import annotations

from typing import Annotated

import strawberry

SliceSize = Annotated[int, strawberry.argument(description="How many, at most 250.")]
Skip = Annotated[int, strawberry.argument(description="How many to leave out before the first.")]
AfterCode = Annotated[
    str | None,
    strawberry.argument(description="Only those that stand behind the one with this code."),
]

SoldDays = Annotated[int, strawberry.argument(description="How many days back from now, 1 to 366.")]

WHICH = strawberry.argument(description="Which of them.")
SORTED = strawberry.argument(description="In what order.")
First = Annotated[
    int | None, strawberry.argument(description="So many from the beginning; 20, at most 250.")
]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="So many from the end, at most 250.")]
Before = Annotated[
    str | None, strawberry.argument(description="Only what comes before this cursor.")
]
