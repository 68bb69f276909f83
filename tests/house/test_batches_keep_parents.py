"""A batch resolver answers one result for each parent, so no list that it returns may leave any out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.house.source import Module, product


def dropping(found: list[Module]) -> Iterator[str]:
    """Batch resolvers, and the `load` and `find` that they use, whose returned list has a condition."""
    for module in found:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.AsyncFunctionDef) and _is_batch(node):
                yield from (
                    f"{module.at(each)}: {node.name} leaves out parents"
                    for each in ast.walk(node)
                    if isinstance(each, ast.Return)
                    and isinstance(each.value, ast.ListComp)
                    and any(generator.ifs for generator in each.value.generators)
                )


def _is_batch(node: ast.AsyncFunctionDef) -> bool:
    names = {each.id for each in node.decorator_list if isinstance(each, ast.Name)}
    return "batched" in names or ("classmethod" in names and node.name in ("load", "find"))


def test_no_batch_leaves_out_parents() -> None:
    assert list(dropping(product())) == []


def test_a_batch_that_leaves_out_parents_is_found() -> None:
    text = """
class Thing:
    @batched
    @staticmethod
    async def other(parents, ctx):
        found = await load(parents)
        return [each for each in found if each]
"""
    module = Module(Path("schema/things.py"), text, ast.parse(text))
    assert list(dropping([module])) == ["schema/things.py:7: other leaves out parents"]
