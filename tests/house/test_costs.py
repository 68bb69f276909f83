"""Every list has a length that the cost knows, everything that asks has a price, and the table is current."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pytest
import strawberry
from graphql import (
    GraphQLSchema,
    get_nullable_type,
    is_list_type,
)

from schema import schema
from schema.batching import BATCH, batched
from schema.cost.declaring import declare
from schema.cost.prices import (
    declared_price,
    is_set,
    list_size_of,
    price_of,
    statement_price_of,
    strawberry_field,
)
from schema.cost.table import PAGE, operations, written
from settings import Settings
from tests.house.schema_fields import fields_of

CORE = schema._schema


def unsized(core: GraphQLSchema) -> Iterator[str]:
    """Lists whose length nothing says: neither they themselves nor the fields that lead to them."""
    sized: dict[str, set[str]] = {}
    for _, definition in fields_of(core):
        size = list_size_of(definition)
        if size and is_set(size.sized_fields):
            type_ = str(get_nullable_type(definition.type))
            sized.setdefault(type_, set()).update(size.sized_fields or [])
    for name, definition in fields_of(core):
        if not is_list_type(get_nullable_type(definition.type)):
            continue
        size = list_size_of(definition)
        type_, _, field = name.partition(".")
        if field in sized.get(type_, ()) or (size and not is_set(size.sized_fields)):
            continue
        yield name


def unpriced(core: GraphQLSchema) -> Iterator[str]:
    for name, definition in fields_of(core):
        field = strawberry_field(definition)
        if field and BATCH in field.metadata and not statement_price_of(definition):
            yield name
        if name.startswith("Mutation.") and not declared_price(definition):
            yield name
        if price_of(definition) < 1:
            yield name


def test_every_list_has_a_length() -> None:
    assert list(unsized(CORE)) == []


def test_everything_has_a_price() -> None:
    assert list(unpriced(CORE)) == []


@strawberry.type
class Thing:
    others: list[Thing]

    @batched
    @staticmethod
    async def more(parents: list[Thing], ctx: Any) -> list[list[Thing]]:
        return [[] for _ in parents]


@strawberry.type
class Query:
    thing: Thing | None = None


@strawberry.type
class Mutation:
    done: bool = False


def test_a_list_without_a_length_is_found() -> None:
    made = strawberry.Schema(query=Query, mutation=Mutation)
    assert set(unsized(declare(made)._schema)) == {"Thing.others", "Thing.more"}


def test_a_mutation_or_batch_without_a_price_is_found() -> None:
    core = strawberry.Schema(query=Query)._schema
    more = dict(fields_of(core))["Thing.more"]
    field = strawberry_field(more)
    assert field
    field.metadata = MappingProxyType({**field.metadata})
    assert list(unpriced(core)) == []
    assert list(unpriced(strawberry.Schema(query=Query, mutation=Plain)._schema)) == [
        "Mutation.done"
    ]


@strawberry.type(name="Mutation")
class Plain:
    done: bool = False


def test_the_directives_are_in_the_schema() -> None:
    text = schema.as_str()
    assert "directive @cost(weight: String!) on" in text
    assert "directive @listSize(assumedSize: Int, slicingArguments: [String!]" in text


def test_the_table_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == written(CORE), "run make schema"


@pytest.mark.parametrize(("place", "name", "cost", "row"), list(operations(CORE)))
def test_no_documented_operation_costs_too_much_for_those_who_send_it(
    place: str, name: str, cost: int, row: int
) -> None:
    settings = Settings()
    limit = min(settings.cost_limit_anonymous, settings.cost_limit_guest)
    if place.startswith(("examples/hq/", "examples/store/", "examples/tablet/")):
        limit = settings.cost_limit_staff
    assert cost <= limit
    # A full batch is within what an ERP may send.
    assert cost + 499 * row <= settings.cost_limit_api_client
