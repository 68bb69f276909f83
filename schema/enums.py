"""Enums of the models as clients see them, each value with its meaning."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

import strawberry

E = TypeVar("E", bound=StrEnum)


def described_enum(
    kind: type[E], description: str, *, name: str | None = None, **meanings: str
) -> type[E]:
    """Show `kind` to clients with these values and what each means; values without a meaning stay hidden."""
    strawberry.enum(kind, name=name, description=description)
    definition = kind.__strawberry_definition__  # type: ignore[attr-defined]
    definition.values = [value for value in definition.values if value.name in meanings]
    for value in definition.values:
        value.description = meanings[value.name]
    return kind
