"""Fields that are columns of their object's row, or made of them, when they are asked for."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from operator import attrgetter
from typing import Any

import strawberry

from schema.nodes.nodes import global_id
from schema.operations.cacheable_fields import public

COLUMN = "column"


def column(name: str, *, description: str | None = None) -> Any:
    """A field that is the column `name` of `row` as it stands."""
    path = f"row.{name}"
    read = attrgetter(path)

    def resolve(self: Any) -> Any:
        return read(self)

    metadata = {COLUMN: path}
    return public(strawberry.field(resolver=resolve, description=description, metadata=metadata))


def identity(kind: str | None = None) -> Any:
    """The global ID of a node, made of its row's; an interface leaves the kind to the object's class."""

    def resolve(self: Any) -> strawberry.ID:
        return global_id(kind or type(self).__name__, self.row.id)

    return public(strawberry.field(resolver=resolve))


def derived(method: Callable[[Any], Any]) -> Any:
    """A field that its method works out of the row alone; so it is as public as its object."""
    return public(strawberry.field(resolver=method, description=inspect.getdoc(method)))
