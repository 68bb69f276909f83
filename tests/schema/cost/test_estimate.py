"""The cost of an operation is what its prices, lists, inputs and variables come to."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from graphql import get_introspection_query, get_operation_ast, parse

from models.bounds import USER_ERRORS, Bound
from schema import schema as real_schema
from schema.batching import batched
from schema.cost.declaring import declare
from schema.cost.directives import cost, list_size, sized_by, sized_list
from schema.cost.estimate import Estimate
from schema.cost.prices import (
    BATCHED_OBJECT,
    ITEM,
    LEAF,
    LEAF_ITEM,
    MUTATION,
    NODE,
    OBJECT,
    OPERATION,
    STATEMENT,
)
from settings import Settings

BASE = OPERATION + STATEMENT  # of a query with one field at its root


@strawberry.interface
class Node:
    id: strawberry.ID


@strawberry.type
class Leaf(Node):
    name: str


@strawberry.type
class Branch(Node):
    name: str
    leaves: list[Leaf] = sized_list(Bound(4))

    @list_size(Bound(3))
    @batched
    @staticmethod
    async def branches(parents: list[Branch], ctx: Any) -> list[list[Branch]]:
        return [[] for _ in parents]


@strawberry.type
class BranchEdge:
    node: Branch


@strawberry.type
class BranchConnection:
    edges: list[BranchEdge]


@strawberry.input
class Row:
    code: str
    tags: list[str] | None = None
    parts: list[Part] | None = None


@strawberry.input
class Part:
    code: str


@strawberry.input
class RowsInput:
    rows: list[Row]


@strawberry.type
class Result:
    ok: bool


@strawberry.type
class UserError:
    code: str


@strawberry.type
class RowsPayload:
    results: list[Result]
    user_errors: list[UserError]


def nothing() -> Any:
    return None


@strawberry.type
class Query:
    branch: Branch = strawberry.field(resolver=nothing)
    dear: int = cost(1_000)(strawberry.field(resolver=nothing))

    @strawberry.field
    def page(self, first: int | None = None, last: int | None = None) -> BranchConnection:
        return BranchConnection(edges=[])

    @sized_by("ids")
    @strawberry.field
    def nodes(self, ids: list[strawberry.ID]) -> list[Node | None]:
        return []


@strawberry.type
class Mutation:
    @strawberry.mutation
    def save(self, input: RowsInput) -> RowsPayload:  # noqa: A002
        return RowsPayload(results=[], user_errors=[])


schema = declare(strawberry.Schema(query=Query, mutation=Mutation, types=[Leaf, Branch]))


def estimate(text: str, variables: Any = None, name: str | None = None) -> int:
    document = parse(text)
    operation = get_operation_ast(document, name)
    assert operation
    return Estimate(schema._schema, document, operation)(variables)


EDGE = OBJECT + NODE  # with its node, without what is asked of that

TWO_PARTS = """mutation {
  save(input: { rows: [{ code: "a", tags: ["x"], parts: [{ code: "b" }, { code: "c" }] }] }) {
    userErrors { code }
  }
}"""

CASES: list[tuple[str, int]] = [
    ("{ __typename }", OPERATION + LEAF),
    ("{ branch { name } }", BASE + OBJECT + LEAF),
    ("{ dear }", BASE + 1_000),
    ("{ branch { leaves { name id } } }", BASE + OBJECT + 4 * (OBJECT + 2)),
    ("{ branch { a: name b: name } }", BASE + OBJECT + 2),
    # The database is asked once for all parents.
    (
        "{ branch { branches { branches { name } } } }",
        BASE + 2 * STATEMENT + OBJECT + 3 * (BATCHED_OBJECT + 3 * (BATCHED_OBJECT + LEAF)),
    ),
    # The same selection again is merged, not added.
    ("{ branch { name } branch { name ...N } } fragment N on Branch { name }", BASE + OBJECT + 1),
    ("{ branch { ... on Branch { name } ...N } } fragment N on Branch { id }", BASE + OBJECT + 2),
    # Pages.
    ("{ page { edges { node { name } } } }", BASE + OBJECT + 20 * (EDGE + 1)),
    ("{ page(first: 7) { edges { node { name } } } }", BASE + OBJECT + 7 * (EDGE + 1)),
    ("{ page(last: 7) { edges { node { name } } } }", BASE + OBJECT + 7 * (EDGE + 1)),
    ("{ page(first: null) { edges { node { name } } } }", BASE + OBJECT + 20 * (EDGE + 1)),
    ("{ page(first: 250) { edges { node { name } } } }", BASE + OBJECT + 250 * (EDGE + 1)),
    # What its field refuses reads nothing.
    ("{ page(first: 251) { edges { node { name } } } }", BASE + OBJECT),
    ("{ page(first: -1) { edges { node { name } } } }", BASE + OBJECT),
    # Lists that are as long as an argument; of an interface the costliest type.
    ('{ nodes(ids: ["a", "b"]) { id } }', BASE + STATEMENT + 2 * (OBJECT + 1 + LEAF_ITEM)),
    ('{ nodes(ids: ["a", "b", "c"]) { id } }', BASE + STATEMENT + 3 * (OBJECT + 1 + LEAF_ITEM)),
    ('{ nodes(ids: "a") { id } }', BASE + OBJECT + 1 + LEAF_ITEM),
    (
        '{ nodes(ids: ["a"]) { ... on Leaf { name } ... on Branch { name id leaves { id } } } }',
        BASE + LEAF_ITEM + OBJECT + 2 + 4 * (OBJECT + 1),
    ),
    # What is switched off costs nothing.
    ("{ branch { name @skip(if: true) id } }", BASE + OBJECT + 1),
    ("{ dear @include(if: false) __typename }", OPERATION + 1),
    ("{ ... @include(if: false) { dear } __typename }", OPERATION + 1),
    # Rows of a batch, and their results.
    (
        'mutation { save(input: { rows: [{ code: "a" }, { code: "b" }] }) { results { ok } } }',
        OPERATION + MUTATION + 2 * (ITEM + OBJECT + 1),
    ),
    (
        TWO_PARTS,
        OPERATION + MUTATION + 3 * ITEM + LEAF_ITEM + USER_ERRORS * (OBJECT + 1),
    ),
    # One row where a list is expected.
    (
        'mutation { save(input: { rows: { code: "a", parts: { code: "b" } } }) { results { ok } } }',
        OPERATION + MUTATION + 2 * ITEM + OBJECT + 1,
    ),
]


@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_a_document_costs(text: str, expected: int) -> None:
    assert estimate(text) == expected


PAGE = "query($n: Int%s) { page(first: $n) { edges { node { name } } } }"
IDS = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }"
SWITCH = "query($on: Boolean! = true) { branch { name @include(if: $on) } dear @skip(if: $on) }"
SAVE = "mutation($input: RowsInput!) { save(input: $input) { results { ok } } }"
ROWS = "mutation($rows: [Row!]!) { save(input: { rows: $rows }) { results { ok } } }"
ROW = {"code": "a", "parts": [{"code": "b"}, {"code": "c"}]}
ROW_COST = 3 * ITEM + OBJECT + 1

VARIABLES: list[tuple[str, Any, int]] = [
    (PAGE % "", {"n": 3}, BASE + OBJECT + 3 * (EDGE + 1)),
    (PAGE % "", {"n": 3.0}, BASE + OBJECT + 3 * (EDGE + 1)),
    (PAGE % "", {"n": None}, BASE + OBJECT + 20 * (EDGE + 1)),
    (PAGE % "", None, BASE + OBJECT + 20 * (EDGE + 1)),
    (PAGE % " = 5", {}, BASE + OBJECT + 5 * (EDGE + 1)),
    (PAGE % "", {"n": 10**30}, BASE + OBJECT),
    (PAGE % "", {"n": "many"}, BASE + OBJECT + EDGE + 1),
    (IDS, {"ids": ["a"] * 250}, BASE + STATEMENT + 250 * (OBJECT + 1 + LEAF_ITEM)),
    (IDS, {"ids": "a"}, BASE + OBJECT + 1 + LEAF_ITEM),
    (IDS, {}, BASE),
    (SWITCH, {"on": True}, BASE + STATEMENT + OBJECT + 1 - STATEMENT),
    (SWITCH, {"on": False}, BASE + STATEMENT + OBJECT + 1_000),
    (SWITCH, {}, BASE + OBJECT + 1),
    (SAVE, {"input": {"rows": [ROW] * 7}}, OPERATION + MUTATION + 7 * ROW_COST),
    (ROWS, {"rows": [ROW] * 7}, OPERATION + MUTATION + 7 * ROW_COST),
    (SAVE, {"input": {"rows": ROW}}, OPERATION + MUTATION + ROW_COST),
    (SAVE, {"input": {"rows": "none"}}, OPERATION + MUTATION + ITEM + OBJECT + 1),
    (SAVE, {"input": [[1], None]}, OPERATION + MUTATION),
    (SAVE, {}, OPERATION + MUTATION),
]


@pytest.mark.parametrize(("text", "variables", "expected"), VARIABLES)
def test_variables_count_with_their_values(text: str, variables: Any, expected: int) -> None:
    assert estimate(text, variables) == expected


def test_each_operation_of_a_document_has_its_own_cost() -> None:
    text = "query A { dear } query B { __typename }"
    assert estimate(text, name="A") == BASE + 1_000
    assert estimate(text, name="B") == OPERATION + LEAF


def test_fragments_that_multiply_are_priced_without_being_expanded() -> None:
    """2^40 selections, each priced once."""
    fragments = "".join(
        f"fragment F{i} on Branch {{ branches {{ ...F{i + 1} }} more: branches {{ ...F{i + 1} }} }} "
        for i in range(40)
    )
    assert estimate("{ branch { ...F0 } } " + fragments + "fragment F40 on Branch { name }") > 6**40


def test_introspection_costs_what_the_schema_holds() -> None:
    core = real_schema._schema
    document = parse(get_introspection_query())
    (node,) = [each for each in document.definitions if each.kind == "operation_definition"]
    whole = Estimate(core, document, node)(None)  # type: ignore[arg-type]
    assert 100_000 < whole < Settings().cost_limit_anonymous
    document = parse('{ __type(name: "Query") { name } }')
    assert Estimate(core, document, document.definitions[0])(None) < 1_000  # type: ignore[arg-type]
