"""Tests use the product by its public names, and share factories rather than each other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.house.source import ROOT, Module, parsed

PRIVATE = re.compile(r"_[a-zA-Z]\w*")
# Where a test names a step by text: `module:Class._method`.
PATH_TO_PRIVATE = re.compile(r"[\w.]+:(\w+\.)*_[a-zA-Z]\w*")
OWN = {"self", "cls"}
OF_LIBRARIES = {
    "_exit",  # os: end a process at once
    "_lru_cache_wrapper",  # functools: the type of a cached function
    "_connection",  # Tortoise: the driver's connection of a client
    "_fields",  # named tuples
    "_meta",  # Tortoise: the description of a model
    "_replace",  # named tuples
    "_schema",  # Strawberry: the schema of graphql-core
}
BY_TEXT = {"delattr", "getattr", "hasattr", "patch", "setattr"}


def private_names(modules: Iterable[Module]) -> Iterator[str]:
    """Underscored names that are imported, reached on anything but the test's own object, or patched."""
    for module in modules:
        for node in ast.walk(module.tree):
            yield from (f"{module.at(node)}: {name}" for name in _private(node))


def _private(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom):
        yield from (each.name for each in node.names if PRIVATE.fullmatch(each.name))
    elif isinstance(node, ast.Attribute) and PRIVATE.fullmatch(node.attr):
        own = isinstance(node.value, ast.Name) and node.value.id in OWN
        if not own and node.attr not in OF_LIBRARIES:
            yield ast.unparse(node)
    elif isinstance(node, ast.Call) and _called(node) in BY_TEXT:
        texts = (each.value for each in node.args if isinstance(each, ast.Constant))
        yield from (each for each in texts if isinstance(each, str) and _is_private(each))
    elif isinstance(node, ast.Constant) and PATH_TO_PRIVATE.fullmatch(str(node.value)):
        yield str(node.value)


def _called(call: ast.Call) -> str:
    return ast.unparse(call.func).rpartition(".")[2]


def _is_private(text: str) -> bool:
    name = text.rpartition(".")[2]
    return name not in OF_LIBRARIES and PRIVATE.fullmatch(name) is not None


def imports_of_tests(modules: Iterable[Module]) -> Iterator[str]:
    """Imports of or from a file of tests; what tests share is in `tests/make`."""
    for module in modules:
        for node, name in module.imports():
            steps = name.split(".")
            if steps[0] == "tests" and any(each.startswith("test_") for each in steps):
                yield f"{module.at(node)}: {name}"


def of_tests() -> Iterator[Module]:
    for path in sorted((ROOT / "tests").rglob("*.py")):
        yield from parsed([path])


def test_tests_use_no_private_name_of_the_product() -> None:
    assert list(private_names(of_tests())) == []


def test_tests_import_no_tests() -> None:
    assert list(imports_of_tests(of_tests())) == []


def sample(text: str) -> list[Module]:
    return [Module(Path("tests/test_a.py"), text, ast.parse(text))]


@pytest.mark.parametrize(
    "text",
    [
        "from models.stock.levels import _locked",
        "from models import database\ndatabase._opened.clear()",
        "assert provider()._keys",
        "monkeypatch.setattr(placing, '_worked_out', found)",
        "monkeypatch.setattr('models.database._opened', [])",
        "getattr(database, '_opened')",
        "PLACES = ['serving.workers:Workers._start']",
        "PLACES = ['starting:_welcome']",
    ],
)
def test_a_private_name_is_found(text: str) -> None:
    assert len(list(private_names(sample(text)))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from models.database import transaction as _transaction",
        "class A:\n    def f(self) -> None:\n        self._left = 1",
        "schema._schema.type_map",
        "_private = 1\nassert _private",
        "getattr(row, '__name__')",
        "getattr(client, '_connection')",
        "suffixes = ('_seconds', '_id')",
    ],
)
def test_what_is_public_or_its_own_is_left_alone(text: str) -> None:
    assert list(private_names(sample(text))) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("from tests.models.test_money import rounded", True),
        ("from tests.models import test_money", True),
        ("import tests.models.test_money", True),
        ("from tests.make.stock import a_level", False),
        ("from hypothesis import strategies", False),
    ],
)
def test_an_import_of_tests_is_found(text: str, found: bool) -> None:
    assert bool(list(imports_of_tests(sample(text)))) is found
