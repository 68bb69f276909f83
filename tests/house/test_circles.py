"""No files import each other in a circle, but for GraphQL types that point at each other."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping

from tests.house.source import Module, product

Graph = Mapping[str, set[str]]
# Rooms of the schema, whose types have fields of each other's types, and two modules that name types of all.
TYPES = {
    "accounts", "catalog", "integrations", "members", "orders", "referrals", "stock", "stores",
    "actors", "errors",
}  # fmt: skip


def is_of_types(name: str) -> bool:
    floor, _, rest = name.partition(".")
    return floor == "schema" and rest.partition(".")[0] in TYPES


def graph_of(modules: list[Module]) -> Graph:
    """Who imports whom, also within functions, but not for type checking alone."""
    known = {module.name for module in modules}
    graph: dict[str, set[str]] = {}
    for module in modules:
        for_types = {
            id(inner)
            for node in ast.walk(module.tree)
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
            for inner in ast.walk(node)
        }
        imported = (
            name if name in known else name.rpartition(".")[0]
            for node, name in module.imports()
            if id(node) not in for_types
        )
        graph[module.name] = {each for each in imported if each in known and each != module.name}
    return graph


def circles(graph: Graph) -> Iterator[list[str]]:
    """Files that reach each other. Source: Kosaraju's algorithm."""
    order: list[str] = []
    seen: set[str] = set()
    for start in graph:
        waiting = [(start, False)]
        while waiting:
            name, is_done = waiting.pop()
            if is_done:
                order.append(name)
            elif name not in seen:
                seen.add(name)
                waiting.append((name, True))
                waiting += [(each, False) for each in graph[name]]
    importers: dict[str, set[str]] = {name: set() for name in graph}
    for name, imported in graph.items():
        for each in imported:
            importers[each].add(name)
    for start in reversed(order):
        circle, around = [], [start]
        while around:
            name = around.pop()
            if name in seen:
                seen.remove(name)
                circle.append(name)
                around += importers[name]
        if len(circle) > 1:
            yield sorted(circle)


def test_no_files_need_each_other_but_for_types() -> None:
    graph = graph_of(product())
    assert [each for each in circles(graph) if not all(map(is_of_types, each))] == []


def test_a_circle_of_three_is_found(sample: Callable[[str, str], list[Module]]) -> None:
    sample("models/a.py", "from models.b import x")
    sample("models/b.py", "def f():\n    import models.c")
    sample("models/d.py", "if TYPE_CHECKING:\n    from models.e import y")
    sample("models/e.py", "import models.d")
    modules = sample("models/c.py", "from models import a")
    assert list(circles(graph_of(modules))) == [["models.a", "models.b", "models.c"]]
