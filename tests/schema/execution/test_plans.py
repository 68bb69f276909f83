"""What a plan does besides answering as graphql-core does: how often it asks, and when it hands over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import strawberry
from graphql import DocumentNode, ExecutionResult, parse

from schema.batching import batched
from schema.execution import CompiledExecutor
from schema.execution import executor as executor_module
from schema.execution.core import GraphQLCoreExecutor
from schema.execution.execute import Asked
from schema.execution.operation import BYTES_OF_A_FIELD, MAXIMUM_PLANS, Operation
from tests.schema.execution.oracle import agree, both, identities

calls: list[tuple[str, list[int]]] = []
started: list[str] = []
meeting = asyncio.Event()


@pytest.fixture(autouse=True)
def nothing_yet() -> None:
    calls.clear()
    started.clear()
    meeting.clear()


@strawberry.interface
class Animal:
    number: int

    @batched
    @staticmethod
    async def friends(parents: list[Animal], ctx: Any) -> list[list[Animal]]:
        calls.append(("friends", [parent.number for parent in parents]))
        return [[Cat(number=parent.number + 1)] for parent in parents]


@strawberry.type
class Cat(Animal):
    @batched
    @staticmethod
    async def too_few(parents: list[Cat], ctx: Any) -> list[int | None]:
        return [1] * (len(parents) - 1)

    @batched
    @staticmethod
    async def nothing(parents: list[Cat], ctx: Any) -> list[int | None]:
        return None  # type: ignore[return-value]

    @batched
    @staticmethod
    async def greedy(parents: list[Cat], ctx: Any) -> list[int]:
        numbers = [parent.number for parent in parents]
        parents.clear()
        return numbers


@strawberry.type
class Dog(Animal):
    @strawberry.field
    def name(self) -> str | None:
        return "Rex"


@strawberry.type
class Query:
    @strawberry.field
    async def animals(self, numbers: list[int]) -> list[Animal]:
        return [Dog(number=each) if each % 2 else Cat(number=each) for each in numbers]

    @strawberry.field
    async def cats(self) -> list[Cat]:
        return [Cat(number=1), Cat(number=2), Cat(number=3)]

    @strawberry.field
    def cast_cat(self) -> Cat:
        return strawberry.cast(Dog, Cat(number=1))  # type: ignore[return-value]

    @strawberry.field
    def dog_without_number(self) -> Dog | None:
        dog = Dog(number=1)
        del dog.number
        return dog

    @strawberry.field
    async def first(self) -> int:
        started.append("first")
        await meeting.wait()
        return 1

    @strawberry.field
    async def second(self) -> int:
        started.append("second")
        meeting.set()
        return 2

    @strawberry.field
    def push(self, values: strawberry.scalars.JSON) -> strawberry.scalars.JSON:
        values["list"].append(1)
        return values


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def slow(self) -> int:
        started.append("slow")
        await asyncio.sleep(0)
        assert "quick" not in started
        return 1

    @strawberry.mutation
    def quick(self) -> int:
        started.append("quick")
        return 2

    @strawberry.mutation
    def broken(self) -> int:
        raise ArithmeticError


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self) -> AsyncIterator[int]:
        yield 1


toy = strawberry.Schema(Query, Mutation, Subscription)


class ToyContext:
    def __init__(self) -> None:
        self.memory: dict[Any, Any] = {}


class Watched(GraphQLCoreExecutor):
    """Counts what is left to graphql-core."""

    times = 0

    async def run(self, asked: Asked) -> ExecutionResult:
        self.times += 1
        return await super().run(asked)


class Compiled(CompiledExecutor):
    """Keeps hold of what it leaves to graphql-core, and of the operations that it has met."""

    graphql_core: Watched
    met: list[Operation]


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> Compiled:
    watched, met = Watched(toy), list[Operation]()

    def operation(*arguments: Any) -> Operation:
        met.append(Operation(*arguments))
        return met[-1]

    monkeypatch.setattr(executor_module, "GraphQLCoreExecutor", lambda _: watched)
    monkeypatch.setattr(executor_module, "Operation", operation)
    compiled = Compiled(toy)
    compiled.graphql_core, compiled.met = watched, met
    return compiled


async def run(
    compiled: Compiled, query: str | DocumentNode, name: str | None = None, **variables: Any
) -> ExecutionResult:
    document = parse(query) if isinstance(query, str) else query
    return await compiled(document, variables, name, ToyContext())


def left_over(compiled: Compiled) -> int:
    return compiled.graphql_core.times


async def test_a_batch_resolver_is_called_once_for_each_level_and_type(
    compiled: Compiled,
) -> None:
    query = "{ animals(numbers: [1, 2, 3, 4]) { friends { friends { number } } } }"
    result = await run(compiled, query)
    assert result.errors is None
    assert sorted(calls) == [
        ("friends", [1, 3]),
        ("friends", [2, 4]),
        ("friends", [2, 4]),
        ("friends", [3, 5]),
    ]
    assert left_over(compiled) == 0


async def test_a_batch_resolver_is_not_called_without_parents(compiled: Compiled) -> None:
    result = await run(compiled, "{ animals(numbers: []) { friends { number } } }")
    assert result.data == {"animals": []}
    assert calls == []


@pytest.mark.parametrize("field", ["tooFew", "nothing"])
async def test_a_batch_of_the_wrong_length_is_the_error_of_every_parent(
    compiled: Compiled, field: str
) -> None:
    result = await run(compiled, f"{{ cats {{ number {field} }} }}")
    assert result.data == {"cats": [{"number": n, field: None} for n in (1, 2, 3)]}
    assert [error.path for error in result.errors or []] == [["cats", n, field] for n in range(3)]


async def test_a_batch_resolver_may_use_up_its_list_of_parents(compiled: Compiled) -> None:
    result = await run(compiled, "{ cats { greedy number } }")
    assert result.data == {"cats": [{"greedy": n, "number": n} for n in (1, 2, 3)]}


@pytest.mark.parametrize(
    "query",
    [
        "{ castCat { number } }",
        "{ dogWithoutNumber { number name } animals(numbers: 1) { number } }",
    ],
)
async def test_odd_objects_are_the_same_errors(query: str) -> None:
    result = await agree(*both(toy), query, {}, ToyContext)
    assert result.errors


async def test_root_fields_of_a_query_run_together(compiled: Compiled) -> None:
    async with asyncio.timeout(60):
        result = await run(compiled, "{ first second }")
    assert result.data == {"first": 1, "second": 2}


async def test_mutations_run_one_after_the_other(compiled: Compiled) -> None:
    result = await run(compiled, "mutation { slow quick }")
    assert result.data == {"slow": 1, "quick": 2}
    assert started == ["slow", "quick"]


async def test_nothing_runs_after_a_mutation_that_nulls_the_answer(
    compiled: Compiled,
) -> None:
    result = await run(compiled, "mutation { broken quick }")
    assert result.data is None
    assert started == []


async def test_a_resolver_that_changes_its_argument_changes_no_other_request(
    compiled: Compiled,
) -> None:
    document = parse("{ push(values: {list: []}) }")
    for _ in range(2):
        result = await run(compiled, document)
        assert result.data == {"push": {"list": [1]}}


@pytest.mark.parametrize(
    "query",
    [
        "{ __schema { queryType { name } } }",
        '{ cats { number } __type(name: "Cat") { name } }',
        "query @unknown { cats { number } }",
        "{ cats { number @unknown } }",
        "subscription { ticks }",
        "query A { first } query B { second }",
    ],
)
async def test_graphql_core_answers_what_no_plan_covers(compiled: Compiled, query: str) -> None:
    result = await run(compiled, query)
    assert left_over(compiled) == 1
    expected = await GraphQLCoreExecutor(toy)(parse(query), {}, None, ToyContext())
    assert (result.data, identities(result)) == (expected.data, identities(expected))
    assert calls == []


async def test_an_operation_is_known_by_its_name(compiled: Compiled) -> None:
    document = parse("query A { cats { number } } query B { animals(numbers: 2) { number } }")
    assert list((await run(compiled, document, "A")).data or {}) == ["cats"]
    assert list((await run(compiled, document, "B")).data or {}) == ["animals"]
    unknown = await run(compiled, document, "C")
    assert [error.message for error in unknown.errors or []] == ["Unknown operation named 'C'."]


async def test_switches_decide_fields_their_order_and_what_is_merged() -> None:
    query = """query ($a: Boolean!, $b: Boolean! = false) {
      cats @include(if: $a) { number }
      animals(numbers: [1, 2]) { ... on Dog @skip(if: $b) { name } __typename @skip(if: $a) }
      cats { tooFew @include(if: $b) number @skip(if: $a) __typename }
    }"""
    compiled, core = both(toy)
    for variables in ({"a": a, "b": b} for a in (True, False) for b in (False,)):
        result = await agree(compiled, core, query, variables, ToyContext)
        assert list(result.data or {}) == (
            ["cats", "animals"] if variables["a"] else ["animals", "cats"]
        )


async def test_a_switch_that_is_null_is_refused_as_by_graphql_core() -> None:
    query = "query ($a: Boolean = true) { cats { number @skip(if: $a) } }"
    result = await agree(*both(toy), query, {"a": None}, ToyContext)
    assert result.errors


async def test_rare_positions_of_many_switches_are_left_to_graphql_core(
    compiled: Compiled,
) -> None:
    names = "abcd"
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: number @skip(if: ${name})" for name in names)
    document = parse(f"query ({declared}) {{ cats {{ {fields} }} }}")
    for number in range(16):
        variables = {name: bool(number >> place & 1) for place, name in enumerate(names)}
        result = await run(compiled, document, **variables)
        kept = [name for name in names if not variables[name]]
        assert result.data == {"cats": [dict.fromkeys(kept, n) for n in (1, 2, 3)]}
    assert left_over(compiled) == 16 - MAXIMUM_PLANS


async def test_variables_that_are_wrong_are_refused_before_anything_runs(
    compiled: Compiled,
) -> None:
    query = "query ($numbers: [Int!]!) { animals(numbers: $numbers) { friends { number } } }"
    result = await run(compiled, query, numbers=["x"])
    assert result.data is None
    assert "Variable '$numbers' has invalid value" in (result.errors or [])[0].message
    assert calls == []


async def test_operations_are_forgotten_when_they_take_much_memory(
    compiled: Compiled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(executor_module, "CACHED_BYTES", 30_000)
    documents = [parse(f"{{ a{number}: cats {{ number }} }}") for number in range(10)]
    for number, document in enumerate(documents):
        result = await run(compiled, document)
        assert list(result.data or {}) == [f"a{number}"]
    kept = 0
    for document in reversed(documents):  # those used last are the last to go
        met = len(compiled.met)
        await run(compiled, document)
        if len(compiled.met) > met:
            break
        kept += 1
    assert 1 <= kept < 5


async def test_a_plan_compiled_beforehand_is_compiled_no_further(
    compiled: Compiled,
) -> None:
    document = parse(
        "query A { cats { ...Both } } fragment Both on Cat { greedy number __typename }"
    )
    compiled.compile(document, None)
    compiled.compile(document, "Unknown")
    operation = compiled.met[0]
    size = operation.size
    assert size > 4 * BYTES_OF_A_FIELD
    result = await run(compiled, document)
    assert len((result.data or {})["cats"]) == 3
    assert compiled.met == [operation]
    assert operation.size == size


async def test_interfaces_within_interfaces_are_compiled_once_for_each_type(
    compiled: Compiled,
) -> None:
    depth = 40  # two types on each level: 2^40 ways down
    query = "{ animals(numbers: 1) " + "{ friends " * depth + "{ number }" + " }" * depth + " }"
    async with asyncio.timeout(60):
        result = await run(compiled, query)
    assert result.errors is None
    assert len(calls) == depth
