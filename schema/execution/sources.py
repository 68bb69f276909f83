"""Where a column comes from: one value of a field for each parent.

A source never raises: an exception in a cell is the error of that parent. A cell may also be
something to await; whoever completes the column awaits all of them together. Only a batch resolver's
column is itself awaited.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any, Protocol

from schema.batching import BatchFunction
from schema.execution.arguments import Coerce
from schema.execution.execution import Execution, Site
from schema.execution.paths import Places

Column = list[Any]


class Source(Protocol):
    def __call__(
        self, parents: Column, level: Places, execution: Execution, /
    ) -> Column | Awaitable[Column]:
        """`level`: where the parents stand."""
        ...


@dataclass(frozen=True, slots=True)
class TypeName:
    name: str

    def __call__(self, parents: Column, level: Places, execution: Execution) -> Column:
        return [self.name] * len(parents)


class Attribute:
    """A field without a resolver: an attribute of its parent."""

    def __init__(self, name: str, read: Callable[[Any, str], Any]) -> None:
        self._get = attrgetter(name) if read is getattr else lambda parent: read(parent, name)

    def __call__(self, parents: Column, level: Places, execution: Execution) -> Column:
        try:
            return list(map(self._get, parents))
        except Exception:  # noqa: BLE001 - found again below, as the error of its own parent
            return [_attempt(self._get, parent) for parent in parents]


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch resolver: all parents in one call."""

    function: BatchFunction
    arguments: Coerce

    async def __call__(self, parents: Column, level: Places, execution: Execution) -> Column:
        try:
            arguments = self.arguments(execution.variables)
            results = list(await self.function([*parents], ctx=execution.context, **arguments))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is every parent's
            return [error] * len(parents)
        if len(results) != len(parents):
            name = self.function.__qualname__
            wrong = ValueError(f"{name} answered {len(results)} of {len(parents)} parents.")
            return [wrong] * len(parents)
        return results


@dataclass(frozen=True, slots=True)
class Method:
    """A resolver that asks for its parent and arguments alone: neither path nor info is made for it."""

    function: Callable[..., Any]
    arguments: Coerce

    def __call__(self, parents: Column, level: Places, execution: Execution) -> Column:
        try:
            arguments = self.arguments(execution.variables)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is every parent's
            return [error] * len(parents)
        function = partial(self.function, **arguments) if arguments else self.function
        try:
            return list(map(function, parents))
        except Exception:  # noqa: BLE001 - found again below, as the error of its own parent
            return [_attempt(function, parent) for parent in parents]


@dataclass(frozen=True, slots=True)
class Resolver:
    """Any other field: its resolver as Strawberry wraps it, extensions and permissions included."""

    site: Site
    resolve: Callable[..., Any]
    arguments: Coerce

    def __call__(self, parents: Column, level: Places, execution: Execution) -> Column:
        try:
            arguments = self.arguments(execution.variables)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is every parent's
            return [error] * len(parents)
        paths = level.of_field(self.site.key, self.site.parent_type.name).paths
        infos = [execution.info(self.site, path) for path in paths]
        return [
            _attempt(self.resolve, parent, info, **arguments)
            for parent, info in zip(parents, infos, strict=True)
        ]


def _attempt(function: Callable[..., Any], *values: Any, **arguments: Any) -> Any:
    try:
        return function(*values, **arguments)
    except Exception as error:  # noqa: BLE001 - it is the error of this parent
        return error
