"""The arguments of lists that are cut, but are no connections."""

from __future__ import annotations

from typing import Annotated

import strawberry

SliceSize = Annotated[int, strawberry.argument(description="How many, at most 250.")]
Skip = Annotated[int, strawberry.argument(description="How many to leave out before the first.")]
AfterCode = Annotated[
    str | None, strawberry.argument(description="Only those whose codes come after this one.")
]
