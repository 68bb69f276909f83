"""Columns of objects: the next level of the answer, for each type that is among them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from graphql import GraphQLAbstractType, GraphQLObjectType, default_type_resolver
from graphql.execution.executor import invalid_return_type_error
from graphql.pyutils import Path
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE

from schema.execution.awaitables import awaited
from schema.execution.completion import complete_some
from schema.execution.execution import FAILED, Execution, Site
from schema.execution.paths import Places
from schema.execution.selection import Selections
from schema.execution.sources import Column
from schema.sameness import firsts_of


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects of one type: the next level.

    Instances of exactly `origin`, the Strawberry class, need not be asked whether they are of
    this type; it is None where the type has an `is_type_of` of its own. `price`: of one object, in units of
    cost.
    """

    site: Site
    type_: GraphQLObjectType
    origin: type | None
    selections: Selections
    price: int

    async def complete(self, values: Column, places: Places, execution: Execution) -> Column:
        if len(values) > 1 and (found := firsts_of(values)):
            return await self._complete_firsts(values, places, execution, *found)
        return await self._complete_each(values, places, execution)

    async def _complete_firsts(
        self,
        values: Column,
        places: Places,
        execution: Execution,
        firsts: Sequence[int],
        which: Sequence[int],
    ) -> Column:
        """Build what is the same once; it stands at each of its places."""
        since = len(execution.failures)
        once = [values[index] for index in firsts]
        cells = await self._complete_each(once, places.of_firsts(firsts, which), execution)
        if len(execution.failures) > since:
            execution.repeat_failures(since, places, firsts, which)
        return [cells[number] for number in which]

    async def _complete_each(self, values: Column, places: Places, execution: Execution) -> Column:
        selection = self.selections[self.type_.name]
        count = places.count(len(values))
        cost = selection.price_once + len(values) * (self.price + selection.price_each)
        execution.meter.take(count, count * selection.bytes, cost)
        if execution.meter.is_due:
            await execution.meter.breathe()
        rows = selection.rows
        if self.type_.is_type_of is None or self._are_instances(values):
            return await rows(values, places, execution)
        cells: Column = [FAILED] * len(values)
        fitting = []
        for index, (value, path) in enumerate(zip(values, places.paths, strict=True)):
            try:
                await self._check(value, path, execution)
                fitting.append(index)
            except Exception as error:  # noqa: BLE001 - it is the error of this value
                execution.fail(self.site, path, error)
        await complete_some(rows, fitting, cells, values, places, execution)
        return cells

    def _are_instances(self, values: Column) -> bool:
        return set(map(type, values)) == {self.origin} and not _has_cast(values)

    async def _check(self, value: Any, path: Path, execution: Execution) -> None:
        """Raises: GraphQLError for a value that is not of this type."""
        type_ = self.type_
        info = execution.info(self.site, path)
        if type_.is_type_of and not await awaited(type_.is_type_of(value, info)):
            raise invalid_return_type_error(type_, value, self.site.details)


@dataclass(frozen=True, slots=True)
class Abstract:
    """Objects of an interface or union: one level for each type that is among them.

    `names`: the types of those classes whose type needs no resolving.
    """

    site: Site
    type_: GraphQLAbstractType
    possible: Mapping[str, Objects]
    names: Mapping[type, str]

    async def complete(self, values: Column, places: Places, execution: Execution) -> Column:
        names: Sequence[str | None] = self._known_names(values) or await self._resolved_names(
            values, places, execution
        )
        found = set(names)
        if len(found) == 1 and (name := found.pop()):
            return await self.possible[name].complete(values, places, execution)
        cells: Column = [FAILED] * len(values)
        for name in dict.fromkeys(filter(None, names)):
            indices = [index for index, each in enumerate(names) if each == name]
            complete = self.possible[name].complete
            await complete_some(complete, indices, cells, values, places, execution)
        return cells

    def _known_names(self, values: Column) -> list[str] | None:
        if not self.names.keys() >= set(map(type, values)) or _has_cast(values):
            return None
        return [self.names[type(value)] for value in values]

    async def _resolved_names(
        self, values: Column, places: Places, execution: Execution
    ) -> list[str | None]:
        """None for those that failed."""
        names: list[str | None] = []
        for value, path in zip(values, places.paths, strict=True):
            try:
                names.append(await self._type_name(value, path, execution))
            except Exception as error:  # noqa: BLE001 - it is the error of this value
                execution.fail(self.site, path, error)
                names.append(None)
        return names

    async def _type_name(self, value: Any, path: Path, execution: Execution) -> str:
        """Raises: GraphQLError for a value of no type that is possible here."""
        resolve = self.type_.resolve_type or default_type_resolver
        info = execution.info(self.site, path)
        name = await awaited(resolve(value, info, self.type_))
        if not isinstance(name, str) or name not in self.possible:
            details = self.site.details
            execution.core.ensure_valid_runtime_type(name, self.type_, details, info, value)
        return str(name)


def _has_cast(values: Column) -> bool:
    """Whether any was made to count as another type by `strawberry.cast`."""
    return any(map(hasattr, values, repeat(TYPE_CAST_ATTRIBUTE)))
