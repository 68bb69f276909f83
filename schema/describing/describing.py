"""The sentences with which the schema describes itself, from `descriptions.txt` of each room.

A line is a schema coordinate, a colon and one sentence. An indented line belongs to the type above it:

    Order: What a customer bought.
      number: What people call it.
      fulfilments(first:): How many at most.

`*.userErrors` describes every field and value of that name that has no sentence of its own, `*(first:)`
every argument and `*Edge` every type whose name ends so.

Source: schema coordinates, GraphQL specification (September 2025), section 3.13.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Protocol

import strawberry
from graphql import (
    GraphQLSchema,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
    is_specified_scalar_type,
)

ROOMS = Path(__file__).parents[1]
ENDINGS = ("Connection", "Edge", "Payload", "Input")


class Described(Protocol):
    """What a sentence may be put at: a type, a field, an argument or an enum value."""

    description: str | None


def describe(schema: strawberry.Schema) -> strawberry.Schema:
    """Give each element of the schema its sentence; one that has a description in code keeps it."""
    texts = dict(sentences())
    for coordinates, element in elements(schema._schema):
        if element.description is None:
            element.description = next((texts[each] for each in coordinates if each in texts), None)
    return schema


def elements(schema: GraphQLSchema) -> Iterator[tuple[tuple[str, ...], Described]]:
    """Each element that is ours, with its coordinate and those of the general sentences for it."""
    for name, type_ in schema.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(type_):
            continue
        yield (name, *(f"*{each}" for each in ENDINGS if name.endswith(each))), type_
        if is_object_type(type_) or is_interface_type(type_):
            for key, field in type_.fields.items():
                yield (f"{name}.{key}", f"*.{key}"), field
                for argument, definition in field.args.items():
                    yield (f"{name}.{key}({argument}:)", f"*({argument}:)"), definition
        elif is_input_object_type(type_):
            for key, definition in type_.fields.items():
                yield (f"{name}.{key}", f"*.{key}"), definition
        elif is_enum_type(type_):
            for key, value in type_.values.items():
                yield (f"{name}.{key}", f"*.{key}"), value


def sentences() -> Iterator[tuple[str, str]]:
    """Each coordinate with its sentence, room by room."""
    for path in sorted(ROOMS.glob("**/descriptions.txt")):
        yield from _read(path.read_text(encoding="utf-8").splitlines())


def _read(lines: Iterable[str]) -> Iterator[tuple[str, str]]:
    type_ = ""
    for line in filter(str.strip, lines):
        coordinate, _, sentence = line.strip().partition(": ")
        if line.startswith(" "):
            coordinate = f"{type_}.{coordinate}"
        else:
            type_ = coordinate = coordinate.removesuffix(":")
        if sentence:
            yield coordinate, sentence
