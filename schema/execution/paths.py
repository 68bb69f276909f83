"""Where the cells of a column stand in the answer, worked out only when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from graphql.pyutils import Path


class Places:
    """The paths of a column's cells. An answer without errors never makes a single path.

    `weights`: how often each cell stands in the answer, None where all stand there once. What is the
    same is built once, at the first of its places.
    """

    def __init__(self, make: Callable[[], list[Any]], weights: list[int] | None = None) -> None:
        self._make = make
        self.weights = weights

    @cached_property
    def paths(self) -> list[Path]:
        return self._make()

    def count(self, cells: int) -> int:
        """How many stand in the answer for so many cells."""
        return cells if self.weights is None else sum(self.weights)

    def of_field(self, key: str, type_name: str) -> Places:
        """One field of each object that stands here."""
        return Places(lambda: [Path(path, key, type_name) for path in self.paths], self.weights)

    def of_items(self, lists: Sequence[Sequence[Any]]) -> Places:
        """The items of all lists that stand here, one list after the other."""
        return Places(
            lambda: [
                Path(path, index, None)
                for path, items in zip(self.paths, lists, strict=True)
                for index in range(len(items))
            ],
            self.weights
            and [weight for weight, items in zip(self.weights, lists, strict=True) for _ in items],
        )

    def of_some(self, indices: Sequence[int]) -> Places:
        return Places(
            lambda: [self.paths[index] for index in indices],
            self.weights and [self.weights[index] for index in indices],
        )

    def of_firsts(self, firsts: Sequence[int], which: Sequence[int]) -> Places:
        """The first place of each of some objects: `which` of them stands at each place here."""
        weights = [0] * len(firsts)
        for number, weight in zip(which, self.weights or [1] * len(which), strict=True):
            weights[number] += weight
        return Places(lambda: [self.paths[index] for index in firsts], weights)


# The root object has no path at all.
ROOT = Places(lambda: [None])
