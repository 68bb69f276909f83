"""What is asked of objects of one type: their rows, made of one column for each field."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_object_type

from schema.cost.prices import price_of, statement_price_of
from schema.execution.awaitables import awaited, settled
from schema.execution.completion import Slot
from schema.execution.execution import FAILED, Execution, Site, has_failed
from schema.execution.paths import Places
from schema.execution.rows import RowMaker, row_maker
from schema.execution.sources import Column, Source

# Quotes, colon and comma around a key, and a short value.
BYTES_OF_A_CELL = 8
BYTES_OF_AN_OBJECT = 3
# Parents whose fields are resolved together; more of them are worked through in parts.
TOGETHER = 1_000
# Cells that were there at once take some 0.2 ms: only after so many is the time looked at again.
UNLOOKED = 500


class Selections(dict[str, "Selection"]):
    """What is asked of objects, by the name of their type: compiled when the first one is met."""

    def __init__(self, compile_selection: Callable[[str], Selection]) -> None:
        super().__init__()
        self._compile = compile_selection

    def __missing__(self, type_name: str) -> Selection:
        selection = self[type_name] = self._compile(type_name)
        return selection


@dataclass(frozen=True, slots=True)
class Field:
    site: Site
    source: Source
    slot: Slot
    selections: Selections

    def column(
        self, parents: Column, level: Places, execution: Execution
    ) -> Column | Awaitable[Column]:
        """At once where it can be: to await a column of plain text takes longer than to read it."""
        values = self.source(parents, level, execution)
        if (
            isinstance(values, list)
            and (cells := self.slot.at_once(values, level, execution)) is not None
        ):
            return cells
        return self._completed(values, level, execution)

    async def mutated(self, parents: Column, level: Places, execution: Execution) -> Column:
        """The same for what changes something: time counts while the answer is read, and only then."""
        values = self.source(parents, level, execution)
        values = await settled(values if isinstance(values, list) else await values)
        execution.meter.start_clock()
        try:
            return await self._completed(values, level, execution)
        finally:
            execution.meter.stop_clock()

    async def _completed(
        self, values: Column | Awaitable[Column], level: Places, execution: Execution
    ) -> Column:
        if not isinstance(values, list):
            values = await values
        places = level.of_field(self.site.key, self.site.parent_type.name)
        return await self.slot.complete(values, places, execution)


class Selection:
    """The fields in the order of the answer."""

    def __init__(self, type_: GraphQLObjectType, fields: Sequence[Field]) -> None:
        self.type_ = type_
        self.fields = fields

    @cached_property
    def price_each(self) -> int:
        """The price of what is selected of one object, of scalars and enums alone."""
        return sum(
            price_of(field.site.definition)
            for field in self.fields
            if is_leaf_type(get_named_type(field.site.definition.type))
        )

    @cached_property
    def price_once(self) -> int:
        """The price of the statements that the fields ask, once for all objects."""
        return sum(statement_price_of(field.site.definition) for field in self.fields)

    @cached_property
    def bytes(self) -> int:
        """Of one object in JSON, texts aside."""
        return BYTES_OF_AN_OBJECT + sum(
            len(field.site.key) + BYTES_OF_A_CELL for field in self.fields
        )

    @cached_property
    def _make_rows(self) -> RowMaker:
        return row_maker(tuple(field.site.key for field in self.fields))

    def compile_below(self) -> None:
        """Compile what the first object of its type would have to wait for; interfaces aside."""
        for field in self.fields:
            type_ = get_named_type(field.site.definition.type)
            if is_object_type(type_):
                field.selections[type_.name].compile_below()

    async def rows(self, parents: Column, level: Places, execution: Execution) -> Column:
        """One dict for each parent; FAILED for those that lack a value they must have.

        One field after the other: a task for each costs more than it saves (docs/execution.md).
        """
        if len(parents) > TOGETHER:
            return await self._rows_in_parts(parents, level, execution)
        columns = []
        meter, cells = execution.meter, 0
        for field in self.fields:
            column = field.column(parents, level, execution)
            if isinstance(column, list):
                cells += len(parents)
            else:
                column, cells = await column, UNLOOKED
            columns.append(column)
            if cells >= UNLOOKED:
                cells = 0
                if meter.is_due:
                    await meter.breathe()
        return self._rows(columns, parents, execution)

    async def _rows_in_parts(self, parents: Column, level: Places, execution: Execution) -> Column:
        rows: Column = []
        for start in range(0, len(parents), TOGETHER):
            part = range(start, min(start + TOGETHER, len(parents)))
            some = parents[start : start + TOGETHER]
            rows += await self.rows(some, level.of_some(part), execution)
        return rows

    async def parallel_rows(self, parents: Column, level: Places, execution: Execution) -> Column:
        """For the root of a query, whose fields know nothing of each other."""
        columns = [field.column(parents, level, execution) for field in self.fields]
        return self._rows(await asyncio.gather(*map(awaited, columns)), parents, execution)

    async def serial_rows(self, parents: Column, level: Places, execution: Execution) -> Column:
        """For the root of a mutation.

        None is run after one that turns the whole answer to null, or whose answer is too large.
        """
        columns: list[Column] = []
        for field in self.fields:
            execution.meter.begin_change(field.site.key)
            columns.append(await field.mutated(parents, level, execution))
            if columns[-1] == [FAILED]:
                return [FAILED]
        return self._rows(columns, parents, execution)

    def _rows(self, columns: Sequence[Column], parents: Column, execution: Execution) -> Column:
        if not columns:  # everything is switched off
            return [{} for _ in parents]
        rows = self._make_rows(columns)
        if not execution.failures:
            return rows
        return [FAILED if has_failed(row.values()) else row for row in rows]
