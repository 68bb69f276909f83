"""Values that must be awaited before they can be completed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import lru_cache
from types import GeneratorType, NoneType
from typing import Any

from graphql.pyutils import UndefinedType
from strawberry.execution import optimized_is_awaitable

from schema.execution.sources import Column


async def settled(values: Column) -> Column:
    """The values with all that can be awaited awaited together; what is raised stands in its cell."""
    indices = [index for index, value in enumerate(values) if optimized_is_awaitable(value)]
    if not indices:
        return values
    waiting = [_caught(values[index]) for index in indices]
    # One alone is spared a task.
    results = await asyncio.gather(*waiting) if len(waiting) > 1 else [await waiting[0]]
    cells = [*values]
    for index, result in zip(indices, results, strict=True):
        cells[index] = result
    return cells


async def _caught(value: Awaitable[Any]) -> Any:
    try:
        return await value
    except Exception as error:  # noqa: BLE001 - it is the error of the cell
        return error


async def awaited(value: Any) -> Any:
    return await value if optimized_is_awaitable(value) else value


@lru_cache(maxsize=4096)
def is_plain(kind: type) -> bool:
    """Whether values of this type are surely not null, not an exception and not awaitable."""
    odd = issubclass(kind, (NoneType, UndefinedType, Exception, GeneratorType))
    return not odd and not hasattr(kind, "__await__")
