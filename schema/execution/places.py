"""Where the cells of a column stand in the answer, worked out only when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from graphql.pyutils import Path


class Places:
    """The paths of a column's cells. An answer without errors never makes a single path."""

    def __init__(self, make: Callable[[], list[Any]]) -> None:
        self._make = make

    @cached_property
    def paths(self) -> list[Path]:
        return self._make()

    def of_field(self, key: str, type_name: str) -> Places:
        """One field of each object that stands here."""
        return Places(lambda: [Path(path, key, type_name) for path in self.paths])

    def of_items(self, lists: Sequence[Sequence[Any]]) -> Places:
        """The items of all lists that stand here, one list after the other."""
        return Places(
            lambda: [
                Path(path, index, None)
                for path, items in zip(self.paths, lists, strict=True)
                for index in range(len(items))
            ]
        )

    def of_some(self, indices: Sequence[int]) -> Places:
        return Places(lambda: [self.paths[index] for index in indices])


# The root object has no path at all.
ROOT = Places(lambda: [None])
