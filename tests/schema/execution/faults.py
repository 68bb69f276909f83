"""Resolvers of the real schema that go wrong on demand, alike for both executors."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLField, Visitor, parse, visit
from hypothesis import strategies as st
from strawberry.types.field import StrawberryField

from models.errors import NotFound
from resolvers.context import Context
from schema import batching, schema
from schema.batching import BATCH, BatchFunction
from tests.schema.execution.documents import Asked

FAULTS = "faults"
Faults = dict[str, tuple[str, int]]
KINDS = ["raise", "refuse", "deny", "exception", "null", "garbage"]

graphql_schema = schema._schema


class Garbage:
    """Of no type that the schema knows."""


@st.composite
def faults_in(draw: st.DrawFn, asked: Asked) -> Faults:
    """By names of fields that the document asks for: what goes wrong, with which parents of three."""
    names = sorted(_names_in(asked.query))
    some = st.lists(st.sampled_from(names), max_size=4, unique=True)
    wrong = st.tuples(st.sampled_from(KINDS), st.integers(0, 3))
    return {name: draw(wrong) for name in draw(some)}


def _names_in(query: str) -> set[str]:
    names: set[str] = set()

    class Names(Visitor):
        def enter_field(self, node: Any, *_: Any) -> None:
            names.add(node.name.value)

    visit(parse(query), Names())
    return names


def break_on_demand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrap the root fields and the batch functions of the real schema."""
    spoilt: dict[BatchFunction, BatchFunction] = {}
    for type_name, field_name, definition in _fields():
        field = definition.extensions.get("strawberry-definition")
        if isinstance(field, StrawberryField) and BATCH in field.metadata:
            function = field.metadata[BATCH]
            if function not in spoilt.values():  # types share the fields of their interfaces
                spoilt.setdefault(function, _spoilt_batch(field_name, function))
                metadata = {**field.metadata, BATCH: spoilt[function]}
                monkeypatch.setattr(field, "metadata", metadata)
        elif type_name == "Query" and isinstance(field, StrawberryField) and field.base_resolver:
            resolver = field.base_resolver
            spoilt_root = _spoilt_root(field_name, resolver.wrapped_func)
            monkeypatch.setattr(resolver, "wrapped_func", spoilt_root)
    load = batching.loader_of
    monkeypatch.setattr(
        batching,
        "loader_of",
        lambda info, function, arguments: load(info, spoilt.get(function, function), arguments),
    )


def _fields() -> Iterator[tuple[str, str, GraphQLField]]:
    for type_ in graphql_schema.type_map.values():
        if not type_.name.startswith("__"):
            for name, definition in getattr(type_, "fields", {}).items():
                if isinstance(definition, GraphQLField):
                    yield type_.name, name, definition


def _spoilt_batch(name: str, function: BatchFunction) -> BatchFunction:
    async def ask(parents: list[Any], ctx: Context, **arguments: Any) -> list[Any]:
        kind, remainder = ctx.memory.get(FAULTS, {}).get(name, ("", 0))
        if kind == "raise" and remainder == 3:
            raise ArithmeticError(name)
        asking = [*parents]
        results = list(await function(parents, ctx=ctx, **arguments))
        return [
            _wrong(kind, name, result) if kind and _number(parent) % 3 == remainder else result
            for parent, result in zip(asking, results, strict=True)
        ]

    ask.__qualname__ = function.__qualname__
    return ask


def _spoilt_root(name: str, resolve: Any) -> Any:
    @functools.wraps(resolve)
    def answer(root: Any, info: Any, **arguments: Any) -> Any:
        kind, _ = info.context.memory.get(FAULTS, {}).get(name, ("", 0))
        wrong = _wrong(kind, name, None)
        if kind in ("raise", "refuse", "deny"):
            raise wrong
        return wrong if kind else resolve(root, info=info, **arguments)

    return answer


def _wrong(kind: str, name: str, result: Any) -> Any:
    match kind:
        case "raise":
            return ArithmeticError(name)
        case "refuse":
            return NotFound("There is no {kind}.", kind=name)
        case "deny":
            return GraphQLError(f"No {name}.", extensions={"code": "REFUSED"})
        case "exception":
            return LookupError(name)
        case "garbage":
            return Garbage()
    return None


def _number(parent: Any) -> int:
    number = getattr(getattr(parent, "row", None), "id", 0)
    return number if isinstance(number, int) else 0
