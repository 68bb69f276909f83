"""Every list is a page, or has a bound that somebody keeps, or is cut at `first` in the database."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLField, GraphQLSchema, get_nullable_type, is_list_type

from models import bounds
from models.bounds import Bound, Vocabulary
from resolvers.slices import Slice
from schema import schema
from schema.batching import BATCH
from schema.cost.directives import assumed, list_size
from schema.cost.prices import is_set, list_size_of, strawberry_field
from tests.house.schema_fields import fields_of

ROOT = Path(__file__).parents[2]
CORE = schema._schema
NAMED = {name: each for name, each in vars(bounds).items() if type(each) is Bound}
DIRECTIVES = {"list_size", "sized_list", "assumed"}
# Root fields say `first` to the use case, which checks it.
SLICED_BY_USE_CASES = {
    "Query.brands",
    "Query.categories",
    "Category.children",
    "Organisation.children",
}


def plain_lists(core: GraphQLSchema) -> Iterator[tuple[str, GraphQLField]]:
    """Those with a length of their own: no edges, and no results of a batch."""
    for name, definition in fields_of(core):
        size = list_size_of(definition)
        if is_list_type(get_nullable_type(definition.type)) and size and not size.sized_fields:
            yield name, definition


def loose(core: GraphQLSchema) -> Iterator[str]:
    """Lists whose length is no bound of the table, and that no argument cuts."""
    table = list(NAMED.values())
    for name, definition in plain_lists(core):
        size = list_size_of(definition)
        assert size
        most = size.assumed_size
        kept = isinstance(most, Vocabulary) or any(most is each for each in table)
        if not kept and not is_set(size.slicing_arguments):
            yield name


def asked(source: str) -> set[str]:
    """The names that a module reads, but for imports and what only says a length to the cost."""
    tree = ast.parse(source)
    said = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in DIRECTIVES
        for each in node.args
        for part in ast.walk(each)
    }
    return {
        node.attr if isinstance(node, ast.Attribute) else node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute) and id(node) not in said
    }


def test_every_list_has_a_bound_or_is_cut() -> None:
    assert list(loose(CORE)) == []


def test_every_bound_is_kept_by_somebody() -> None:
    own = Path(bounds.__file__)
    files = [
        each for room in ("models", "resolvers", "schema") for each in (ROOT / room).rglob("*.py")
    ]
    kept = set().union(*(asked(each.read_text("utf-8")) for each in files if each != own))
    assert NAMED.keys() - kept == set()


def test_a_bound_that_only_the_cost_knows_is_kept_by_nobody() -> None:
    assert "LINES" not in asked(
        "@list_size(bounds.LINES)\ndef lines(): ...\nmore = sized_list(LINES)"
    )
    assert "LINES" in asked("LINES.check(3, 'lines')")
    assert "LINES" in asked("query.limit(bounds.LINES)")


def sliced() -> Iterator[tuple[str, GraphQLField]]:
    for name, definition in plain_lists(CORE):
        size = list_size_of(definition)
        if size and size.slicing_arguments == ["first"]:
            yield name, definition


@pytest.mark.parametrize(("name", "definition"), list(sliced()), ids=lambda each: str(each)[:40])
def test_a_slice_is_as_long_as_its_cost_says(name: str, definition: GraphQLField) -> None:
    size = list_size_of(definition)
    assert size
    assert definition.args["first"].default_value == size.assumed_size
    field = strawberry_field(definition)
    assert field
    assert field.base_resolver
    function: Any = field.metadata.get(BATCH, field.base_resolver.wrapped_func)
    says = "Slice(first, skip)" in inspect.getsource(function)
    assert says or name in SLICED_BY_USE_CASES


def test_a_length_that_is_no_bound_is_found() -> None:
    assert type(assumed(bounds.ORDER_LINES).assumed_size) is Bound
    field = type("Field", (), {"directives": []})()
    assert list_size(Bound(7))(field).directives[0].assumed_size not in NAMED.values()


def test_a_bound_refuses_one_more_and_names_the_field() -> None:
    bound = Bound(2)
    bound.check(2, "lines")
    with pytest.raises(bounds.LimitExceeded) as refused:
        bound.check(3, "rows", 4, "lines")
    assert str(refused.value) == "lines takes at most 2 entries."
    assert refused.value.path == ("rows", 4, "lines")
    assert list(bound.cut("abc")) == ["a", "b"]


@pytest.mark.parametrize(("first", "skip"), [(-1, 0), (251, 0), (1, -1), (1, 1_000_001)])
def test_a_slice_that_makes_no_sense_is_refused(first: int, skip: int) -> None:
    with pytest.raises(Exception, match="must lie between 0 and"):
        Slice(first, skip)
