"""Size and names: a file holds one subject, a function one idea, and both say which."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterator

import pytest

from tests.house.source import Module, product

MODULE_LINES = 300
BODY_LINES = 40
VAGUE = {
    "common", "helper", "helpers", "manager", "managers", "service", "services", "util", "utils",
}  # fmt: skip


def long_modules(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        count = len(module.text.splitlines())
        if count > MODULE_LINES:
            yield f"{module.path.as_posix()}: {count} lines"


def long_functions(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = body_lines(node)
                if count > BODY_LINES:
                    yield f"{module.at(node)}: {node.name} has {count} lines"


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first statement after the docstring to the last."""
    documented = ast.get_docstring(function, clean=False) is not None
    body = function.body[1:] if documented else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def vague_names(modules: list[Module]) -> Iterator[str]:
    for module in modules:
        words = {word for part in module.path.with_suffix("").parts for word in part.split("_")}
        if found := words & VAGUE:
            yield f"{module.path.as_posix()}: {', '.join(sorted(found))} says nothing"


def test_there_is_a_product_to_check() -> None:
    assert {"models", "settings"} <= {module.name for module in product()}


def test_modules_are_short() -> None:
    assert list(long_modules(product())) == []


def test_functions_are_short() -> None:
    assert list(long_functions(product())) == []


def test_names_say_something() -> None:
    assert list(vague_names(product())) == []


@pytest.mark.parametrize(("count", "complaints"), [(300, 0), (301, 1)])
def test_a_long_module_is_found(sample, count: int, complaints: int) -> None:
    assert (
        len(list(long_modules(sample("models/stock/levels.py", "x = 1\n" * count)))) == complaints
    )


@pytest.mark.parametrize("keyword", ["def", "async def"])
@pytest.mark.parametrize(("count", "complaints"), [(40, 0), (41, 1)])
def test_a_long_function_is_found(sample, keyword: str, count: int, complaints: int) -> None:
    text = f'{keyword} f():\n    """One.\n\n    Two.\n    """\n' + "    x = 1\n" * count
    assert len(list(long_functions(sample("server.py", text)))) == complaints


def test_a_docstring_alone_counts_nothing(sample) -> None:
    text = 'def f():\n    """' + "a line\n" * 60 + '    """\n'
    assert list(long_functions(sample("cli.py", text))) == []


@pytest.mark.parametrize(
    "path",
    [
        "models/utils.py",
        "resolvers/stock_manager.py",
        "schema/common/types.py",
        "gateways/service.py",
    ],
)
def test_a_vague_name_is_found(sample, path: str) -> None:
    assert len(list(vague_names(sample(path, "")))) == 1


FILES_OF_A_FOLDER = 20


def full_folders(modules: list[Module]) -> Iterator[str]:
    counts = Counter(each.path.parent for each in modules if each.path.name != "__init__.py")
    for folder, count in counts.items():
        if count > FILES_OF_A_FOLDER:
            yield f"{folder.as_posix()}: {count} files"


def test_folders_hold_few_files() -> None:
    assert list(full_folders([each for each in product() if len(each.path.parts) > 1])) == []


def test_a_full_folder_is_found(sample: Callable[[str, str], list[Module]]) -> None:
    for number in range(FILES_OF_A_FOLDER):
        assert list(full_folders(sample(f"models/m{number}.py", ""))) == []
    assert list(full_folders(sample("models/last.py", ""))) == ["models: 21 files"]
