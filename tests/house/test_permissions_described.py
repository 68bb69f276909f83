"""A root field whose use case asks for a permission at its door says so."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Iterator
from textwrap import dedent
from typing import Any

from graphql import GraphQLField

from models.accounts.roles import Permission
from resolvers.permissions import ITS_PERMISSION
from schema import schema

CORE = schema._schema


def root_fields() -> Iterator[tuple[str, GraphQLField, Callable[..., Any]]]:
    for root in (CORE.query_type, CORE.mutation_type, CORE.subscription_type):
        assert root is not None
        for name, field in root.fields.items():
            resolver = field.extensions["strawberry-definition"].base_resolver
            yield f"{root.name}.{name}", field, inspect.unwrap(resolver.wrapped_func)


def permissions(resolver: Callable[..., Any]) -> set[Permission]:
    """What the doors of the use cases ask for that a resolver calls itself."""
    asked = set()
    for node in ast.walk(ast.parse(dedent(inspect.getsource(resolver)))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            module = getattr(node.func.value, "id", "")
            use_case = getattr(resolver.__globals__.get(module), node.func.attr, None)
            admits = getattr(use_case, "admits", None)
            if admits == ITS_PERMISSION:
                admits = resolver.__globals__[ast.unparse(node.args[1])].permission
            asked.add(admits)
    return {each for each in asked if isinstance(each, Permission)}


def test_a_description_names_the_permission() -> None:
    asking = [(name, field, permissions(resolver)) for name, field, resolver in root_fields()]
    assert len([name for name, _, asked in asking if asked]) > 50
    assert [
        f"{name}: {each}"
        for name, field, asked in asking
        for each in sorted(asked)
        if str(each) not in (field.description or "")
    ] == []
