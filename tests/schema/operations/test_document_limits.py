"""Each limit of a document at its edge: the largest that is accepted, and one more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from graphql import GraphQLError, parse

from schema.operations.documents.limits import Limits, exceeded

Make = Callable[[int], str]


def faults(query: str, limits: Limits) -> list[str]:
    return [error.message for error in exceeded(parse(query), limits)]


def fields(count: int) -> str:
    return " ".join(f"f{number}" for number in range(count))


EDGES: list[tuple[str, Limits, Make]] = [
    ("operations", Limits(max_operations=3), lambda n: " ".join(f"query Q{i} {{ a }}" for i in range(n))),
    ("fragments", Limits(max_fragments=3),
     lambda n: "{ a }" + "".join(f" fragment F{i} on T {{ a }}" for i in range(n))),
    ("fragment spreads", Limits(max_spreads=3),
     lambda n: f"{{ {'...F ' * n} }} fragment F on T {{ a }}"),
    ("directives", Limits(max_directives=3), lambda n: f"{{ a {'@d ' * n} }}"),
    ("directives", Limits(max_directives=3), lambda n: f"query {'@d ' * n} {{ a }}"),
    ("directives", Limits(max_directives=3), lambda n: f"query($x: Int {'@d ' * n}) {{ a(x: $x) }}"),
    ("directives", Limits(max_directives=3), lambda n: f"{{ ...F }} fragment F on T {'@d ' * n} {{ a }}"),
    ("fields", Limits(max_fields=3), lambda n: f"{{ {fields(n)} }}"),
    ("aliases", Limits(max_aliases=3), lambda n: f"{{ {' '.join(f'a{i}: a' for i in range(n))} }}"),
    ("levels deep", Limits(max_depth=3), lambda n: "{ a " * n + "}" * n),
    ("times in one selection", Limits(max_repeats=3), lambda n: f"{{ {'a ' * n} }}"),
    ("times in one selection", Limits(max_repeats=3, max_repeats_of_types=9),
     lambda n: f"{{ ... on T {{ {'a ' * n} }} ... on U {{ a }} }}"),
    ("times in one selection", Limits(max_repeats=2, max_repeats_of_types=3),
     lambda n: "{ " + " ".join(f"... on T{i} {{ a }}" for i in range(n)) + " }"),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "limits", "make"), EDGES)
def test_a_limit_is_the_largest_number_that_is_accepted(
    fault: str, limits: Limits, make: Make
) -> None:
    assert faults(make(3), limits) == []
    (said,) = faults(make(4), limits)
    assert "4" in said
    assert fault in said


@pytest.mark.parametrize("number", ["1{}", "-1{}", "1.5{}", "1{}.5"])
def test_a_number_has_only_so_many_characters(number: str) -> None:
    limits = Limits(max_digits=40)
    room = 40 - len(number.format(""))
    longest, longer = number.format("0" * room), number.format("0" * (room + 1))
    assert faults(f"{{ a(x: [1, {longest}]) }}", limits) == []
    assert faults(f"{{ a(x: [1, {longer}]) }}", limits) == ["A number has at most 40 characters."]
    assert faults(f'{{ a(x: "{longer}0") }}', limits) == []


@pytest.mark.parametrize("field", ["__schema", '__type(name: "T")'])
def test_introspection_is_one_level_however_deep_it_goes(field: str) -> None:
    query = f"{{ {field} {{ a {{ b {{ c }} }} }} }}"
    assert faults(query, Limits(max_depth=1)) == []
    assert faults(query, Limits(max_depth=0)) == [
        "The operation is 1 levels deep; at most 0 are allowed."
    ]


def test_a_repeat_is_shown_where_the_field_stands_first() -> None:
    (error,) = exceeded(parse("{ a\na\na }"), Limits(max_repeats=2))
    assert isinstance(error, GraphQLError)
    assert error.locations is not None
    assert [location.line for location in error.locations] == [1]
