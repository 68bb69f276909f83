"""What mutation testing is told exists: its targets, their tests, and the mutants that it excuses."""

from __future__ import annotations

import ast
from collections import Counter

import pytest

from tests.house.source import ROOT, product
from tests.mutants.equivalents import EQUIVALENTS
from tests.mutants.mutations import mutants
from tests.mutants.targets import TARGETS


def made(path: str) -> list[tuple[str, str, str, str]]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return [each.key for each in mutants(tree, path)]


def test_targets_are_modules_of_the_product_and_have_tests_that_exist() -> None:
    modules = {module.path.as_posix() for module in product()}
    assert set(TARGETS) - modules == set()
    tests = {test for each in TARGETS.values() for test in each}
    assert [test for test in sorted(tests) if not (ROOT / test).is_file()] == []
    assert [path for path, tests in TARGETS.items() if not tests] == []


def test_only_mutants_that_are_made_are_excused_each_with_a_reason() -> None:
    keys = {key for path in {key[0] for key in EQUIVALENTS} for key in made(path)}
    assert set(EQUIVALENTS) - keys == set()
    assert [key for key, reason in EQUIVALENTS.items() if len(reason.split()) < 3] == []


@pytest.mark.parametrize("path", TARGETS)
def test_every_mutant_has_a_name_of_its_own_and_is_undone(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    before = ast.dump(tree)
    counts = Counter(each.key for each in mutants(tree, path))
    assert counts
    assert set(counts.values()) == {1}
    assert ast.dump(tree) == before


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("return a < b", ["a <= b"]),
        ("return a and b", ["a or b"]),
        ("return f(a, b)", ["f(b, a)"]),
        ("return a, b", ["return (b,)", "return (a,)"]),
        ("return a[3]", ["a[4]", "a[2]"]),
        ("raise ValueError", ["pass"]),
        ("check(a)", ["pass"]),
        ("return {**a, b: a}", ["return {b: a}", "return {**a}"]),
        ("return max(a, b)", ["min(a, b)"]),
        ('"""Say so."""', []),
        ('return f"{a:>3}"', []),
    ],
)
def test_a_fault_of_each_kind_is_made(code: str, expected: list[str]) -> None:
    tree = ast.parse(f"def f(a, b):\n    {code}")
    assert [each.after.removeprefix("return ") for each in mutants(tree, "x.py")] == [
        each.removeprefix("return ") for each in expected
    ]
