"""What an explicit null means in an input that changes what is there: it empties the field, or is refused."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple, TypeVar

import strawberry
from strawberry.types.base import StrawberryContainer, get_object_definition
from strawberry.types.lazy_type import LazyType
from strawberry.utils.str_converters import to_camel_case

from models.bounds import USER_ERRORS
from models.errors import InvalidInput, Refusal, Refusals
from resolvers.bulk_rows import KEEP, Unset

T = TypeVar("T")
_NEVER_NULL = "never null"
_OPTIONAL: Any = strawberry.UNSET


class _Watched(NamedTuple):
    """A field that refuses null, or whose inputs have such fields."""

    python_name: str
    name: str
    never_null: bool


_FIELDS: dict[type[Any], tuple[_Watched, ...]] = {}


def never_null(*, description: str | None = None) -> Any:
    """An input field that may be left out, and stays as it is then; null is refused."""
    return strawberry.field(
        default=_OPTIONAL, description=description, metadata={_NEVER_NULL: True}
    )


def none_if_unset(value: T) -> T | None:
    """What a field that is `never_null` was given, or None where it was left out."""
    return None if value is strawberry.UNSET else value


def emptied_by_null(value: list[T] | None) -> list[T] | None:
    """The list that a field was given: null is an empty one; None where it was left out."""
    return None if value is strawberry.UNSET else value or []


def text_emptied_by_null(value: str | None) -> str | None:
    """The text that a field was given: null is an empty one; None where it was left out."""
    return None if value is strawberry.UNSET else value or ""


def kept_unless_given(value: T | None) -> T | Unset:
    """What a field that is `never_null` was given, or KEEP where it was left out."""
    return KEEP if value is strawberry.UNSET or value is None else value


def refuse_nulls(value: Any) -> None:
    """Raises: Refusals for fields of an input, and of those inside, that are null and must not be."""
    if found := list(islice(nulls_in(value), USER_ERRORS)):
        raise Refusals(found)


def nulls_in(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[Refusal]:
    for field in _watched(type(value)):
        given = getattr(value, field.python_name)
        below = (*path, field.name)
        if given is None and field.never_null:
            yield InvalidInput(
                "This cannot be null. Leave it out, and it stays as it is.", path=below
            )
        elif isinstance(given, list):
            for index, each in enumerate(given):
                yield from nulls_in(each, (*below, index))
        else:
            yield from nulls_in(given, below)


def _watched(input_type: type[Any]) -> tuple[_Watched, ...]:
    """The fields of an input to look at, found out once."""
    if input_type not in _FIELDS:
        _FIELDS[input_type] = tuple(_found(input_type))
    return _FIELDS[input_type]


def _found(input_type: type[Any]) -> Iterator[_Watched]:
    definition = get_object_definition(input_type)
    if definition is None or not definition.is_input:
        return
    for field in definition.fields:
        refuses = _NEVER_NULL in field.metadata
        if refuses or _watched(_named(field.type)):
            name = field.graphql_name or to_camel_case(field.python_name)
            yield _Watched(field.python_name, name, refuses)


def _named(type_: Any) -> type[Any]:
    """The type of a value, or of what its list holds."""
    while isinstance(type_, StrawberryContainer):
        type_ = type_.of_type
    return type_.resolve_type() if isinstance(type_, LazyType) else type_
