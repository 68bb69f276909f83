"""The directives that say in the schema what a field costs and how long its list is.

Source: IBM, GraphQL Cost Directives Specification (https://ibm.github.io/graphql-specs/cost-spec.html).
"""

from __future__ import annotations

from typing import Any

import strawberry
from strawberry.schema_directive import Location

from models.bounds import Bound


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.INPUT_FIELD_DEFINITION],
    name="cost",
    description="Price of one value of a field, or of one item of an input list, in units of about one"
    " microsecond of CPU. Prices without it: docs/costs.md.",
)
class Cost:
    weight: str


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="listSize",
    description="Length of a list, as the cost of an operation counts it.",
)
class ListSize:
    assumed_size: int | None = strawberry.directive_field(
        name="assumedSize", default=strawberry.UNSET
    )
    slicing_arguments: list[str] | None = strawberry.directive_field(
        name="slicingArguments", default=strawberry.UNSET
    )
    sized_fields: list[str] | None = strawberry.directive_field(
        name="sizedFields", default=strawberry.UNSET
    )
    require_one_slicing_argument: bool = strawberry.directive_field(
        name="requireOneSlicingArgument", default=True
    )


def assumed(size: Bound) -> ListSize:
    return ListSize(assumed_size=size, require_one_slicing_argument=strawberry.UNSET)


def cost(weight: int) -> Any:
    """Decorate a field with the price of one of its values.

    The price replaces that of an object or leaf; what is selected below is added to it.
    """

    def mark(field: Any) -> Any:
        field.directives = [*field.directives, Cost(weight=str(weight))]
        return field

    return mark


def list_size(assumed_size: Bound) -> Any:
    """Decorate a list field with its bound, which is the length that its cost assumes."""

    def mark(field: Any) -> Any:
        field.directives = [*field.directives, assumed(assumed_size)]
        return field

    return mark


def sized_list(assumed_size: Bound, **options: Any) -> Any:
    """Declare an attribute that is a list, with its bound."""
    return list_size(assumed_size)(strawberry.field(**options))


def sized_by(argument: str, *fields: str, otherwise: int = 0) -> Any:
    """Decorate a field whose lists are as long as an argument is: a number, or a list's length.

    `argument` may lead into an input, such as `input.rows`. `fields` are the lists in the object that the
    field returns; without any the field is the list itself. `otherwise` is the length without the argument.
    """

    def mark(field: Any) -> Any:
        size = ListSize(
            assumed_size=otherwise or strawberry.UNSET,
            slicing_arguments=[argument],
            sized_fields=list(fields) or strawberry.UNSET,
            require_one_slicing_argument=False,
        )
        field.directives = [*field.directives, size]
        return field

    return mark
