"""From a column of resolved values to a column of what stands in the answer.

All values of one place of the plan are completed together. One that fails leaves FAILED in its
cell; the next slot around it that may be null turns that into null.
"""

from __future__ import annotations

from collections.abc import AsyncIterable, Awaitable, Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from graphql import GraphQLError, Undefined
from graphql.pyutils import is_iterable

from schema.execution.awaitables import is_plain, settled
from schema.execution.execution import FAILED, Execution, Site, has_failed
from schema.execution.leaves import Leaf
from schema.execution.paths import Places
from schema.execution.sources import Column

# Completes values of which none is null, an exception or awaitable.
Complete = Callable[[Column, Places, Execution], Awaitable[Column]]


@dataclass(frozen=True, slots=True)
class Slot:
    """A field or list item, which may be null or not: it lets errors through or stops them.

    Where there is a `leaf`, most columns are completed at once. Values whose types are all among
    `final_types` are complete already.
    """

    site: Site
    nullable: bool
    inner: Complete
    leaf: Leaf | None = None
    final_types: frozenset[type] = frozenset()

    def at_once(self, values: Column, places: Places, execution: Execution) -> Column | None:
        """None if anything has to be awaited or looked at more closely.

        `places`: where the cells stand, or the objects whose cells they are.
        """
        if self.leaf is None:
            return None
        kinds = set(map(type, values))
        if kinds <= self.final_types:
            if str in kinds:
                execution.meter.take_texts(values, places.weights)
            return values
        if not all(map(is_plain, kinds)):
            return None
        return self.leaf.together_metered(values, places, execution)

    async def complete(self, values: Column, places: Places, execution: Execution) -> Column:
        if (complete := self.at_once(values, places, execution)) is not None:
            return complete
        if all(map(is_plain, set(map(type, values)))):
            cells = await self.inner(values, places, execution)
        else:
            cells = await self._complete_present(await settled(values), places, execution)
        if self.nullable and execution.failures:
            return [None if cell is FAILED else cell for cell in cells]
        return cells

    async def _complete_present(
        self, values: Column, places: Places, execution: Execution
    ) -> Column:
        cells: Column = [None] * len(values)
        present = []
        for index, value in enumerate(values):
            if isinstance(value, Exception):
                cells[index] = execution.fail(self.site, places.paths[index], value)
            elif value is not None and value is not Undefined:
                present.append(index)
            elif not self.nullable:
                error = TypeError(f"Cannot return null for non-nullable field {self.site}.")
                cells[index] = execution.fail(self.site, places.paths[index], error)
        await complete_some(self.inner, present, cells, values, places, execution)
        return cells


@dataclass(frozen=True, slots=True)
class Lists:
    """Lists: the items of all of them are one column."""

    site: Site
    item: Slot

    async def complete(self, values: Column, places: Places, execution: Execution) -> Column:
        lists = [
            value if type(value) is list else await self._listed(value, index, places, execution)
            for index, value in enumerate(values)
        ]
        present = [items if items is not FAILED else [] for items in lists]
        items = list(chain.from_iterable(present))
        cells = iter(await self.item.complete(items, places.of_items(present), execution))
        completed: Column = [list(islice(cells, len(items))) for items in present]
        if not execution.failures:
            return completed
        return [
            FAILED if before is FAILED or has_failed(after) else after
            for before, after in zip(lists, completed, strict=True)
        ]

    async def _listed(self, value: Any, index: int, places: Places, execution: Execution) -> Any:
        try:
            if isinstance(value, AsyncIterable):
                return [item async for item in value]
            if is_iterable(value):
                return list(value)
            raise GraphQLError(f"Expected Iterable, but did not find one for field '{self.site}'.")
        except Exception as error:  # noqa: BLE001 - it is the error of this list
            return execution.fail(self.site, places.paths[index], error)


async def complete_some(
    complete: Complete,
    indices: Sequence[int],
    cells: Column,
    values: Column,
    places: Places,
    execution: Execution,
) -> None:
    """Complete the values at `indices` and put them into their cells."""
    if not indices:
        return
    some = [values[index] for index in indices]
    completed = await complete(some, places.of_some(indices), execution)
    for index, cell in zip(indices, completed, strict=True):
        cells[index] = cell
