"""Columns of objects: the next level of the answer, for each type that is among them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import repeat
from typing import Any

from graphql import GraphQLAbstractType, default_type_resolver
from graphql.execution.executor import invalid_return_type_error
from graphql.pyutils import Path
from strawberry.types.cast import TYPE_CAST_ATTRIBUTE

from schema.execution.awaiting import awaited
from schema.execution.execution import FAILED, Execution, Site
from schema.execution.places import Places
from schema.execution.selection import Selection
from schema.execution.slots import complete_some
from schema.execution.sources import Column


@dataclass(frozen=True, slots=True)
class Objects:
    """Objects of one type: the next level.

    Instances of exactly `origin`, the Strawberry class, need not be asked whether they are of
    this type; it is None where the type has an `is_type_of` of its own.
    """

    site: Site
    selection: Selection
    origin: type | None

    async def complete(self, values: Column, places: Places, execution: Execution) -> Column:
        if self.selection.type_.is_type_of is None or self._are_instances(values):
            return await self.selection.rows(values, places, execution)
        cells: Column = [FAILED] * len(values)
        fitting = []
        for index, (value, path) in enumerate(zip(values, places.paths, strict=True)):
            try:
                await self._check(value, path, execution)
                fitting.append(index)
            except Exception as error:  # noqa: BLE001 - it is the error of this value
                execution.fail(self.site, path, error)
        await complete_some(self.selection.rows, fitting, cells, values, places, execution)
        return cells

    def _are_instances(self, values: Column) -> bool:
        if set(map(type, values)) != {self.origin}:
            return False
        return not any(map(hasattr, values, repeat(TYPE_CAST_ATTRIBUTE)))

    async def _check(self, value: Any, path: Path, execution: Execution) -> None:
        """Raises: GraphQLError for a value that is not of this type."""
        type_ = self.selection.type_
        info = execution.info(self.site, path)
        if type_.is_type_of and not await awaited(type_.is_type_of(value, info)):
            raise invalid_return_type_error(type_, value, self.site.details)


@dataclass(frozen=True, slots=True)
class Abstract:
    """Objects of an interface or union: one level for each type that is among them."""

    site: Site
    type_: GraphQLAbstractType
    possible: dict[str, Objects]

    async def complete(self, values: Column, places: Places, execution: Execution) -> Column:
        cells: Column = [FAILED] * len(values)
        indices_of: dict[str, list[int]] = {}
        for index, (value, path) in enumerate(zip(values, places.paths, strict=True)):
            try:
                name = await self._type_name(value, path, execution)
                indices_of.setdefault(name, []).append(index)
            except Exception as error:  # noqa: BLE001 - it is the error of this value
                execution.fail(self.site, path, error)
        for name, indices in indices_of.items():
            complete = self.possible[name].complete
            await complete_some(complete, indices, cells, values, places, execution)
        return cells

    async def _type_name(self, value: Any, path: Path, execution: Execution) -> str:
        """Raises: GraphQLError for a value of no type that is possible here."""
        resolve = self.type_.resolve_type or default_type_resolver
        info = execution.info(self.site, path)
        name = await awaited(resolve(value, info, self.type_))
        if not isinstance(name, str) or name not in self.possible:
            details = self.site.details
            execution.core.ensure_valid_runtime_type(name, self.type_, details, info, value)
        return str(name)
