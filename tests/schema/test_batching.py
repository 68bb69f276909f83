from __future__ import annotations

from collections.abc import Callable
from typing import Any

import strawberry

from resolvers.context import Context
from schema.batching import BATCH, batched

calls: list[list[int]] = []


@strawberry.type
class Child:
    number: int

    @batched
    @staticmethod
    async def doubled(parents: list[Child], ctx: Any, *, plus: int = 0) -> list[int]:
        """Twice the number, and more."""
        calls.append([parent.number for parent in parents])
        return [parent.number * 2 + plus for parent in parents]

    @batched
    @staticmethod
    async def fragile(parents: list[Child], ctx: Any) -> list[int | None]:
        return [ValueError("odd") if parent.number % 2 else parent.number for parent in parents]  # type: ignore[misc]

    @batched
    @staticmethod
    async def short(parents: list[Child], ctx: Any) -> list[int]:
        return []


@strawberry.type
class Parent:
    first: int

    @batched
    @staticmethod
    async def children(parents: list[Parent], ctx: Any) -> list[list[Child]]:
        calls.append([parent.first for parent in parents])
        return [[Child(number=parent.first + n) for n in range(3)] for parent in parents]


@strawberry.type
class Query:
    @strawberry.field
    def parents(self) -> list[Parent]:
        return [Parent(first=10), Parent(first=20)]


toy = strawberry.Schema(query=Query)


async def run(query: str, ctx: Context) -> Any:
    calls.clear()
    return await toy.execute(query, context_value=ctx)


async def test_one_call_for_all_parents_of_a_level(ctx: Context) -> None:
    result = await run("{ parents { children { doubled } } }", ctx)
    assert calls == [[10, 20], [10, 11, 12, 20, 21, 22]]
    assert result.data["parents"][1]["children"][2] == {"doubled": 44}


async def test_aliases_with_other_arguments_are_calls_of_their_own(ctx: Context) -> None:
    result = await run("{ parents { children { a: doubled(plus: 1) b: doubled(plus: 2) } } }", ctx)
    assert calls[1:] == [[10, 11, 12, 20, 21, 22]] * 2
    assert result.data["parents"][0]["children"][0] == {"a": 21, "b": 22}


async def test_an_exception_is_the_error_of_its_own_parent(ctx: Context) -> None:
    result = await run("{ parents { children { fragile } } }", ctx)
    assert [child["fragile"] for child in result.data["parents"][0]["children"]] == [10, None, 12]
    assert [error.path for error in result.errors or []] == [
        ["parents", 0, "children", 1, "fragile"],
        ["parents", 1, "children", 1, "fragile"],
    ]


def test_the_declaration_tells_type_argument_and_description() -> None:
    assert '"""Twice the number, and more."""\n  doubled(plus: Int! = 0): Int!' in toy.as_str()
    fields: dict[str, Callable[..., Any]] = {
        field.python_name: field.metadata[BATCH]
        for field in Child.__strawberry_definition__.fields  # type: ignore[attr-defined]
        if BATCH in field.metadata
    }
    assert set(fields) == {"doubled", "fragile", "short"}


async def test_too_few_results_are_an_error_and_nobody_waits_for_ever(ctx: Context) -> None:
    result = await run("{ parents { children { short } } }", ctx)
    assert result.data is None
    assert "0 results for 6 parents" in str(result.errors)
